import { beforeAll, describe, expect, test } from "vitest";
import { createDevNetwork } from "../../src/dev-ledger/genesis.js";
import type { StateBlock } from "../../src/dev-ledger/ledger-block.js";
import { LedgerState } from "../../src/dev-ledger/ledger-state.js";
import type { DevNetwork } from "../../src/dev-ledger/network.js";
import {
  type BlockHash,
  cryptoReady,
  hexToBytes,
  MAX_RAW,
  type PublicKey,
  parseBlockHash,
  publicKeyOf,
  ZERO_HASH,
} from "../../src/nano/index.js";

const SENDS = 20_000;

let network: DevNetwork;
beforeAll(async () => {
  await cryptoReady();
  network = createDevNetwork();
});

const hashAt = (index: number): BlockHash => parseBlockHash((index * 7919).toString(16).padStart(8, "0").repeat(8));
const keyAt = (index: number): PublicKey => publicKeyOf(hexToBytes(index.toString(16).padStart(64, "1"), 32));

/** Nobody checks a block that is inserted; copies, as each block brings texts of its own. */
function copy<Text extends BlockHash | PublicKey>(text: Text): Text {
  return JSON.parse(JSON.stringify(text));
}

/** A chain of sends by genesis, all to one account. */
function fill(state: LedgerState, payee: PublicKey): void {
  let previous = state.genesisHash;
  for (let index = 1; index <= SENDS; index += 1) {
    const block: StateBlock = {
      type: "state",
      account: copy(network.genesis.account),
      previous: copy(previous),
      representative: copy(network.genesis.account),
      balanceRaw: MAX_RAW - BigInt(index),
      link: copy(payee),
      signature: index.toString(16).padStart(128, "0"),
      work: "0".repeat(16),
    };
    previous = hashAt(index);
    state.insert({ hash: previous, block, kind: "send", amountRaw: 1n }, 0);
  }
}

describe("twenty thousand sends to one account", () => {
  test("its sums follow the confirmations, a page is taken without the rest, and all roll back", () => {
    const state = new LedgerState(network.genesis, 0);
    const payee = keyAt(1);
    fill(state, payee);
    expect(state.receivableSums(payee)).toMatchObject({ allRaw: BigInt(SENDS), confirmedRaw: 0n });
    expect([...state.elections()].map(({ hash }) => hash)).toEqual([hashAt(1)]);

    expect(state.confirm(hashAt(SENDS / 2))).toHaveLength(SENDS / 2);
    expect(state.receivableSums(payee)).toMatchObject({ allRaw: BigInt(SENDS), confirmedRaw: BigInt(SENDS / 2) });
    expect([...state.elections()].map(({ hash }) => hash)).toEqual([hashAt(SENDS / 2 + 1)]);

    const sorted = Array.from({ length: SENDS }, (_, index) => hashAt(index + 1)).toSorted();
    const page = state.receivableOf(payee);
    expect([page.next().value?.hash, page.next().value?.hash]).toEqual(sorted.slice(0, 2));
    expect([...state.receivableOf(payee)].map(({ hash }) => hash)).toEqual(sorted);

    const [active] = [...state.elections()];
    const removed = state.rollback(hashAt(SENDS / 2 + 1), 0);
    expect(removed).toHaveLength(SENDS / 2);
    expect(removed.at(-1)).toBe(active);
    expect(removed.some((entry) => state.isActive(entry))).toBe(false);
    expect(state.receivableSums(payee)).toMatchObject({ allRaw: BigInt(SENDS / 2), confirmedRaw: BigInt(SENDS / 2) });
    expect(state.blockCount).toBe(SENDS / 2 + 1);
    expect(state.rollback(hashAt(1), 0)).toEqual([]);
  });

  test("a receive takes from both sums what was confirmed, and giving it back restores them", () => {
    const state = new LedgerState(network.genesis, 0);
    const payee = keyAt(2);
    fill(state, payee);
    state.confirm(hashAt(1));
    const [confirmed, unconfirmed] = [hashAt(1), hashAt(2)];
    const open = { type: "state", account: payee, representative: payee, signature: "", work: "" } as const;
    const first = hashAt(SENDS + 1);
    const second = hashAt(SENDS + 2);
    state.insert(
      {
        hash: first,
        block: { ...open, previous: ZERO_HASH, balanceRaw: 1n, link: confirmed },
        kind: "receive",
        amountRaw: 1n,
      },
      0,
    );
    state.insert(
      {
        hash: second,
        block: { ...open, previous: first, balanceRaw: 2n, link: unconfirmed },
        kind: "receive",
        amountRaw: 1n,
      },
      0,
    );
    const all = BigInt(SENDS);
    expect(state.receivableSums(payee)).toMatchObject({ allRaw: all - 2n, confirmedRaw: 0n });
    state.confirm(hashAt(3));
    expect(state.receivableSums(payee)).toMatchObject({ allRaw: all - 2n, confirmedRaw: 1n });
    state.rollback(first, 0);
    expect(state.receivableSums(payee)).toMatchObject({ allRaw: all, confirmedRaw: 3n });
    expect(state.account(payee)).toBeUndefined();
  });
});
