import { onTestFinished } from "vitest";
import {
  type ConfirmationSource,
  type Confirmations,
  createConfirmations,
  type OpenSocket,
} from "../../../../src/ledger/confirmations/index.js";
import { openSocket } from "../../../../src/ledger/confirmations/socket.node.js";
import { createDeadlines } from "../../../../src/ledger/deadlines.js";
import { sleep } from "../../../../src/ledger/patience.js";
import { type BlockHash, hashBlock, type PublicKey, parseAddress } from "../../../../src/nano/index.js";
import { buildBlock, createOwner, process, type TestNode } from "../../../dev-ledger/support.js";
import { readPrintedBlock } from "../../../support/nano.js";

export interface PendingBlock {
  readonly hash: BlockHash;
  readonly account: PublicKey;
  /** Hands it to the node. */
  readonly process: () => Promise<unknown>;
}

/** Signed sends that the node has not got yet, `each` on each of as many accounts. */
export async function signSends(dev: TestNode, accounts: number, each: number): Promise<readonly PendingBlock[]> {
  const blocks: PendingBlock[] = [];
  const payTo = (await createOwner()).address;
  for (let count = 0; count < accounts; count += 1) {
    const owner = await createOwner();
    let { frontier: previous } = await dev.fundAccount({ secretKey: owner.secretKey, raw: BigInt(each) });
    for (let left = each - 1; left >= 0; left -= 1) {
      const block = buildBlock(owner, { previous, balanceRaw: BigInt(left), link: payTo });
      previous = hashBlock(readPrintedBlock(block));
      blocks.push({
        hash: previous,
        account: parseAddress(owner.address),
        process: () => process(dev, block, { subtype: "send" }),
      });
    }
  }
  return blocks;
}

/** The same, handed over. */
export async function processSends(dev: TestNode, accounts: number, each: number): Promise<readonly PendingBlock[]> {
  const blocks = await signSends(dev, accounts, each);
  const inTurn = async (account: PublicKey): Promise<void> => {
    for (const block of blocks) if (block.account === account) await block.process();
  };
  await Promise.all([...new Set(blocks.map(({ account }) => account))].map(inTurn));
  return blocks;
}

export interface LiveNode {
  readonly websocketUrl: string;
  isConfirmed(hash: BlockHash): Promise<boolean> | boolean;
}

/** The dev ledger, asked over RPC. */
export function asLiveNode(dev: TestNode): LiveNode {
  return {
    websocketUrl: dev.websocketUrl,
    isConfirmed: async (hash) => (await dev.rpc({ action: "block_info", hash })).confirmed === "true",
  };
}

export interface Live {
  readonly confirmations: Confirmations;
  readonly notices: readonly string[];
  /** Hashes that were looked for. */
  readonly looks: readonly BlockHash[];
  /** Resolves when this many looks were made. */
  looked(count: number): Promise<void>;
  /** Resolves when this has been said. */
  told(text: RegExp): Promise<void>;
  /** Resolves when the node has acknowledged all that it was asked for up to now. */
  answered(): Promise<void>;
}

export interface LiveOptions extends Partial<Omit<ConfirmationSource, "socket">> {
  readonly websocketUrl?: string | undefined;
  readonly openSocket?: OpenSocket;
  /** Whether the ledger answers; default true. */
  readonly isAsked?: () => boolean;
  /** How many times faster than real the time of pings, polls and pauses goes. */
  readonly speed?: number;
}

/** Confirmations over a real websocket, looks included. */
export function startLive(node: LiveNode, options: LiveOptions = {}): Live {
  const {
    websocketUrl = node.websocketUrl,
    openSocket: open = openSocket,
    speed = 1,
    isAsked = () => true,
    ...source
  } = options;
  const looks: BlockHash[] = [];
  const notices: string[] = [];
  const watchers = new Set<() => void>();
  const changed = (): void => {
    for (const watcher of watchers) watcher();
  };
  const until = (isSo: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const check = (): void => {
        if (!isSo()) return;
        watchers.delete(check);
        resolve();
      };
      watchers.add(check);
      check();
    });
  const { isConfirmed = async (hash) => isAsked() && (await node.isConfirmed(hash)) } = source;
  let lastId = 0;
  let answeredId = 0;
  const listening: OpenSocket = (address, events) => {
    lastId = 0;
    answeredId = 0;
    const socket = open(address, {
      ...events,
      onText(text) {
        events.onText(text);
        const id = /"id": ?"(\d+)"/.exec(text)?.[1];
        if (id !== undefined) answeredId = Number(id);
        changed();
      },
    });
    return {
      send(text) {
        lastId = Number(JSON.parse(text).id);
        socket.send(text);
      },
      close: () => socket.close(),
    };
  };
  const confirmations = createConfirmations({
    pollIntervalMs: 250,
    random: () => 0.5,
    deadlines: createDeadlines({
      clock: () => Date.now() * speed,
      sleep: (ms, signal) => sleep(ms / speed, signal),
    }),
    socket: { url: websocketUrl, openSocket: listening },
    ...source,
    isConfirmed(hash, signal) {
      looks.push(hash);
      changed();
      return isConfirmed(hash, signal);
    },
    onNotice(text) {
      notices.push(text);
      changed();
    },
  });
  onTestFinished(() => confirmations.close());
  return {
    confirmations,
    notices,
    looks,
    looked: (count) => until(() => looks.length >= count),
    async answered() {
      await new Promise((resolve) => setImmediate(resolve));
      await until(() => answeredId === lastId);
    },
    told: (text) => until(() => text.test(notices.at(-1) ?? "")),
  };
}
