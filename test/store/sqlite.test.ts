import { afterAll, describe, expect, test } from "vitest";
import { redemptionStoreContract } from "../../src/store/contract/index.js";
import type { RedemptionStore } from "../../src/store/port.js";
import { createSqlitePlace, removePlaces, type SqlitePlace } from "./sqlite-support.js";

const places = new WeakMap<RedemptionStore, SqlitePlace>();

async function openAt(place: SqlitePlace, clock: () => number): Promise<RedemptionStore> {
  const store = await place.open({ clock });
  places.set(store, place);
  return store;
}

function placeOf(store: RedemptionStore): SqlitePlace {
  const place = places.get(store);
  if (place === undefined) throw new TypeError("a store of another test");
  return place;
}

afterAll(removePlaces);

redemptionStoreContract(
  { describe, test, expect },
  {
    name: "sqlite",
    create: (clock) => openAt(createSqlitePlace(), clock),
    async crash(store, clock) {
      const place = placeOf(store).afterCrash();
      await store.close();
      return openAt(place, clock);
    },
    async cutOff(store) {
      const { disk } = placeOf(store);
      disk.failing = /COMMIT/;
      return {
        async restore() {
          disk.failing = undefined;
        },
      };
    },
  },
);
