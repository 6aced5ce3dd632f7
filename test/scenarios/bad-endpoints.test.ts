import { describe, expect, test } from "vitest";
import {
  nothingConfirmed,
  numbersForStrings,
  type RpcFault,
  type WebsocketFault,
  wrongAmounts,
} from "x402-nano/testing";
import { TRACKS } from "../../src/protocol/index.js";
import { type BadEndpoints, expectPaidOnce, type Paid, startBadEndpoints } from "../support/bad-endpoints.js";

/** `npm run test:long` pays 200 times on each track and in each way; a dozen are enough to see every endpoint rest. */
const PAYMENTS = process.env["X402_NANO_LONG"] === undefined ? 12 : 200;

const RPC_FAULTS: Readonly<Record<string, RpcFault>> = {
  "late answers": { kind: "late", ms: 1_500 },
  "no answers": { kind: "silent" },
  "connections dropped before the block was taken": { kind: "dropped", when: "before" },
  "connections dropped after the block was taken": { kind: "dropped", when: "after" },
  "429 with Retry-After": { kind: "status", status: 429, retryAfter: 1 },
  "503": { kind: "status", status: 503 },
  HTML: { kind: "html" },
  "truncated JSON": { kind: "truncated" },
  "answers that break off": { kind: "truncated", announced: "full" },
  "an action that is not allowed": { kind: "error", error: "action not allowed" },
  "numbers for strings": numbersForStrings(),
  "amounts that are not true": wrongAmounts(),
  "confirmations that are never shown": nothingConfirmed(),
};

const WEBSOCKET_FAULTS: Readonly<Record<string, WebsocketFault>> = {
  "confirmations lost on the websocket": { kind: "lost" },
  "late confirmations": { kind: "late", ms: 700 },
  "confirmations out of order": { kind: "reversed", count: 3 },
  "confirmations twice": { kind: "duplicated" },
  "half a message": { kind: "malformed" },
  "messages of another shape": { kind: "wrong", message: () => ({ topic: "confirmation", message: { hash: 7 } }) },
  "confirmations of other blocks": {
    kind: "wrong",
    message: (honest) =>
      JSON.parse(JSON.stringify(honest).replaceAll(/"hash":"[0-9A-F]{64}"/g, `"hash":"${"AB".repeat(32)}"`)),
  },
  "a silent websocket": { kind: "silent" },
  "a websocket that lets nobody in": { kind: "refused" },
};

/** How the two nodes misbehave; the returned function ends it. */
type Misbehave = (world: BadEndpoints) => () => void;

const spoilBoth =
  (fault: RpcFault): Misbehave =>
  ({ bad }) => {
    for (const { faults } of bad) faults.rpc(fault);
    return () => {
      for (const { faults } of bad) expect(faults.hits).toBeGreaterThan(0);
      for (const { faults } of bad) faults.clear();
    };
  };

const WAYS: Readonly<Record<string, Misbehave>> = {
  ...Object.fromEntries(Object.entries(RPC_FAULTS).map(([name, fault]) => [name, spoilBoth(fault)])),
  "nodes that are behind": ({ bad }) => {
    for (const node of bad) node.disconnect();
    return () => {
      for (const node of bad) node.reconnect();
    };
  },
  "nodes that disagree with each other and with the truth": ({ bad: [first, second] }) => {
    first.faults.rpc(nothingConfirmed());
    second.faults.rpc(wrongAmounts(7n));
    return () => {
      first.faults.clear();
      second.faults.clear();
    };
  },
  "frontiers that move between two calls": (world) => {
    const planned = world.bad.map(({ faults }) => {
      const run = ({ hash }: { readonly hash?: unknown }) => world.moveFrontier(hash);
      return faults.rpc({ kind: "meanwhile", when: "after", run }, { action: "block_info", times: 5 });
    });
    return () => {
      for (const { stop } of planned) stop();
      expect(planned[0]?.hits).toBeGreaterThan(0);
    };
  },
  "one answers with HTML, the other is behind": ({ bad: [first, second] }) => {
    first.faults.rpc({ kind: "html" });
    second.disconnect();
    return () => {
      first.faults.clear();
      second.reconnect();
    };
  },
};

async function payThrough(world: BadEndpoints, misbehave: Misbehave): Promise<void> {
  const paid: Paid[] = [];
  for (const track of TRACKS) {
    const heal = misbehave(world);
    paid.push(...(await world.payMany(track, PAYMENTS)));
    heal();
    // The one that was healthy all the time goes: those that have recovered are found again.
    const outage = world.good.faults.rpc({ kind: "status", status: 503 });
    paid.push(...(await world.payMany(track, world.payers.length)));
    outage.stop();
  }
  await expectPaidOnce(world, paid);
}

describe.concurrent("two of three endpoints misbehave, and every payment settles once", () => {
  test.for(Object.entries(WAYS))("%s", { timeout: 120_000 }, async ([, misbehave]) => {
    const world = await startBadEndpoints();
    try {
      await payThrough(world, misbehave);
    } finally {
      await world.close();
    }
  });
});

describe.concurrent("the node that pushes confirmations misbehaves, and every payment settles once", () => {
  test.for(Object.entries(WEBSOCKET_FAULTS))("%s", { timeout: 120_000 }, async ([, fault]) => {
    const world = await startBadEndpoints({ websocket: true, dev: { confirmAfterMs: 30 } });
    const [{ faults }] = world.bad;
    try {
      await payThrough(world, () => {
        faults.websocket(fault);
        return () => {
          faults.clear();
        };
      });
      expect(faults.hits).toBeGreaterThan(0);
    } finally {
      await world.close();
    }
  });

  test("its connections break off again and again", { timeout: 120_000 }, async () => {
    const world = await startBadEndpoints({ websocket: true, dev: { confirmAfterMs: 30 } });
    const [{ faults }] = world.bad;
    try {
      await payThrough(world, () => {
        const drop = faults.rpc(
          { kind: "meanwhile", when: "after", run: () => faults.dropConnections() },
          { action: "process" },
        );
        return () => {
          drop.stop();
        };
      });
    } finally {
      await world.close();
    }
  });
});
