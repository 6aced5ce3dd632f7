/**
 * What a block costs the dev ledger when it is empty and when it holds a million: time and memory. The ledger is filled
 * with unsigned blocks straight into its state, else the signatures would take minutes; what is measured is signed and
 * goes through all checks. CPU time, medians of five rounds.
 */
import { request as httpRequest } from "node:http";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { answerRpc } from "../src/dev-ledger/actions/index.js";
import { BlockProcessor } from "../src/dev-ledger/block-processor.js";
import { Confirmations, scheduleWithTimers } from "../src/dev-ledger/confirmations.js";
import { createDevNetwork } from "../src/dev-ledger/genesis.js";
import { startDevLedger } from "../src/dev-ledger/index.js";
import { parseStateBlock, type StateBlock } from "../src/dev-ledger/ledger-block.js";
import { LedgerState } from "../src/dev-ledger/ledger-state.js";
import type { DevNode } from "../src/dev-ledger/node.js";
import {
  addressOf,
  blake2b,
  cryptoReady,
  encodeBlockJson,
  hashBlock,
  type PublicKey,
  publicKeyOf,
  signBlock,
  type UnsignedBlock,
  ZERO_HASH,
} from "../src/nano/index.js";
import { cpuMicrosecondsSince, measurePerCpuSecond, median, type Row, report } from "./report.js";

const SIZES = [1_000, 100_000, 1_000_000];
const PENDING = 100_000;
const SIGNED_BLOCKS = 20_000;
const NO_THRESHOLDS = { entry: 0n, send: 0n, receive: 0n };

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

await cryptoReady();
const network = createDevNetwork(NO_THRESHOLDS);
const genesis = network.genesis.account;
const accountAt = (index: number): PublicKey => publicKeyOf(blake2b(new TextEncoder().encode(`account ${index}`), 32));

/** A node without ports, so that nothing but the ledger is measured. */
function createNode(): DevNode {
  const state = new LedgerState(network.genesis, 0);
  const confirmations = new Confirmations({ state, confirm: "auto", confirmAfterMs: 0, schedule: scheduleWithTimers });
  const processor = new BlockProcessor({
    state,
    work: network.work,
    nowSeconds: () => 1_700_000_000,
    onAccepted: ({ hash }) => confirmations.expect(hash),
    onRemoved: ({ hash }) => confirmations.forget(hash),
  });
  const rules = { control: true, workGeneration: true };
  const closing = new AbortController().signal;
  return { network, rules, state, processor, confirmations, clock: () => 0, startedAtMs: 0, closing };
}

/** Ten blocks per account: each is paid by genesis and opens, then pays its neighbour and receives, four times. */
function fill({ state }: DevNode, blocks: number): void {
  const accounts = Array.from({ length: Math.ceil(blocks / 10) }, (_, index) => accountAt(index));
  const add = (account: PublicKey, changeRaw: bigint, link: UnsignedBlock["link"]): UnsignedBlock["link"] => {
    const info = state.account(account);
    const unsigned = {
      account,
      previous: info?.head ?? ZERO_HASH,
      representative: genesis,
      balanceRaw: (info?.balanceRaw ?? 0n) + changeRaw,
      link,
    };
    const signature = state.blockCount.toString(16).padStart(128, "0");
    // Through JSON, as blocks come: each brings texts of its own.
    const text = JSON.stringify(encodeBlockJson({ ...unsigned, signature, work: signature.slice(-16) }));
    const fields = new Map<string, string>(Object.entries(JSON.parse(text)));
    const block = parseStateBlock((name) => fields.get(name));
    if (block === undefined) throw new Error("a block that cannot be read");
    const amountRaw = changeRaw < 0n ? -changeRaw : changeRaw;
    const kind = changeRaw < 0n ? "send" : "receive";
    const { hash } = state.insert({ hash: hashBlock(unsigned), block, kind, amountRaw }, 1_700_000_000);
    state.confirm(hash);
    return hash;
  };
  for (const account of accounts) add(account, 1_000n, add(genesis, -1_000n, account));
  for (let round = 0; round < 4; round += 1) {
    accounts.forEach((account, index) => {
      const neighbour = accounts[(index + 1) % accounts.length] ?? account;
      add(neighbour, 1n, add(account, -1n, neighbour));
    });
  }
}

/** Sends by genesis, one after the other. */
function signSends({ state }: Pick<DevNode, "state">, count: number, link: PublicKey): StateBlock[] {
  let { head: previous = state.genesisHash, balanceRaw = 0n } = state.account(genesis) ?? {};
  return Array.from({ length: count }, () => {
    balanceRaw -= 1n;
    const unsigned = { account: genesis, previous, representative: genesis, balanceRaw, link };
    previous = hashBlock(unsigned);
    return { type: "state", ...signBlock(unsigned, network.genesisSecretKey), work: "0".repeat(16) };
  });
}

function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

function measureProcess(node: DevNode): number {
  const blocks = signSends(node, SIGNED_BLOCKS, accountAt(0)).values();
  return measurePerCpuSecond(() => {
    const { value } = blocks.next();
    if (value === undefined || node.processor.process(value) !== undefined) throw new Error("a block was refused");
  }, 200);
}

const perSize: Row[] = [];
let largest = createNode();
for (const size of SIZES) {
  const before = heapBytes();
  largest = createNode();
  fill(largest, size);
  const bytes = Math.round((heapBytes() - before) / largest.state.blockCount);
  const name = `${size.toLocaleString("en")} blocks`;
  perSize.push({ name, perSecond: measureProcess(largest), more: { "bytes/block": bytes } });
}
report("process, blocks per CPU second, by size of the ledger", "1,000 blocks", perSize);

const shop = accountAt(-1);
for (const block of signSends(largest, PENDING, shop)) {
  const { hash } = largest.state.insert({ hash: hashBlock(block), block, kind: "send", amountRaw: 1n }, 0);
  largest.state.confirm(hash);
}
const questions = {
  block_count: {},
  account_info: { account: addressOf(genesis), receivable: true, representative: true, weight: true },
  account_balance: { account: addressOf(shop) },
  receivable: { account: addressOf(shop), count: 10, source: true },
  account_history: { account: addressOf(genesis), count: 10 },
  frontiers: { account: addressOf(genesis), count: 10 },
};
const never = new AbortController().signal;
report(
  `questions to a million blocks, one account with ${PENDING.toLocaleString("en")} receivable, per CPU second`,
  "block_count",
  Object.entries(questions).map(([action, more]) => {
    const body = JSON.stringify({ action, ...more });
    return { name: action, perSecond: measurePerCpuSecond(() => answerRpc(body, largest, never), 100) };
  }),
);

/** A connection per request, as the node closes them. */
function post(url: string, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method: "POST", agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => resolve(text));
    });
    request.on("error", reject);
    request.end(body);
  });
}

async function measureHttp(url: string, bodies: readonly string[]): Promise<number> {
  const rates: number[] = [];
  for (let from = 0; from < bodies.length; from += bodies.length / 5) {
    const round = bodies.slice(from, from + bodies.length / 5);
    const before = process.cpuUsage();
    for (const body of round) {
      if ((await post(url, body)).includes("error")) throw new Error("a request was refused");
    }
    rates.push((round.length * 1e6) / cpuMicrosecondsSince(before));
  }
  return median(rates);
}

const dev = await startDevLedger({ workThresholds: NO_THRESHOLDS });
const sends = signSends(createNode(), 2_500, accountAt(0)).map((block) =>
  JSON.stringify({ action: "process", json_block: true, block: encodeBlockJson(block) }),
);
const counts = sends.map(() => JSON.stringify({ action: "block_count" }));
report("over HTTP, one after the other, the client in the same process, per CPU second", "block_count", [
  { name: "block_count", perSecond: await measureHttp(dev.rpcUrl, counts) },
  { name: "process", perSecond: await measureHttp(dev.rpcUrl, sends) },
]);
await dev.close();
