/**
 * What one RPC call costs, against a stand-in for a node in another process that keeps connections and answers at once:
 * calls per second of wall time with 64 at a time, and the CPU this process spends on one. Medians of five rounds.
 */
import { fork } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { Pool } from "undici";
import { createLedger } from "../src/ledger/index.js";
import {
  cryptoReady,
  encodeBlockJson,
  hashBlock,
  parseAddress,
  parseBlockHash,
  type SignedBlock,
  ZERO_HASH,
} from "../src/nano/index.js";
import { cpuMicrosecondsSince, describeMachine, median, type Row, report } from "./report.js";

const AT_ONCE = 64;
const CALLS = 4_000;
const ROUNDS = 5;

const account = parseAddress("nano_3e3j5tkog48pnny9dmfzj1r16pg8t1e76dz5tmac6iq689wyjfpiij4txtdo");
const block: SignedBlock = {
  account,
  previous: parseBlockHash("11".repeat(32)),
  representative: account,
  balanceRaw: 10n ** 30n,
  link: parseBlockHash("22".repeat(32)),
  signature: "3".repeat(128),
  work: "4".repeat(16),
};

if (process.send !== undefined) serve();
else await main();

/** Answers every request with the same `block_info`. */
function serve(): void {
  const answer = JSON.stringify(answerOf(), undefined, 4);
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => {
      response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(answer) });
      response.end(answer);
    });
  });
  server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
}

async function main(): Promise<void> {
  await cryptoReady();
  const node = fork(fileURLToPath(import.meta.url));
  const port = await new Promise<number>((resolve) => node.once("message", (message) => resolve(Number(message))));
  const url = `http://127.0.0.1:${String(port)}`;
  const hash = hashBlock(block);
  const body = JSON.stringify({ action: "block_info", hash, json_block: "true" });
  const pool = new Pool(url, { connections: 128 });
  const one = createLedger({ rpcUrls: url });
  const three = createLedger({ rpcUrls: [url, `${url}/2`, `${url}/3`] });
  const agreed = createLedger({ rpcUrls: [url, `${url}/2`, `${url}/3`], agreement: 2 });
  const jobs: Record<string, () => Promise<unknown>> = {
    "global fetch, JSON.parse": async () => JSON.parse(await (await fetch(url, { method: "POST", body })).text()),
    "undici Pool.request, JSON.parse": async () =>
      JSON.parse(await (await pool.request({ path: "/", method: "POST", body })).body.text()),
    "createLedger, one endpoint": () => one.blockInfo(hash),
    "createLedger, three endpoints": () => three.blockInfo(hash),
    "createLedger, two of three agree": () => agreed.blockInfo(hash),
    "createLedger, equal calls shared": () => one.blockInfo(hash, { share: true }),
  };
  const rows: Row[] = [];
  for (const [name, job] of Object.entries(jobs)) rows.push(await measure(name, job));
  console.log(describeMachine());
  report(`RPC calls, ${String(AT_ONCE)} at a time`, "global fetch, JSON.parse", rows);
  await Promise.all([pool.close(), one.close(), three.close(), agreed.close()]);
  node.kill();
}

async function measure(name: string, job: () => Promise<unknown>): Promise<Row> {
  const [rates, costs]: [number[], number[]] = [[], []];
  for (let round = 0; round <= ROUNDS; round += 1) {
    const [before, startedMs] = [process.cpuUsage(), performance.now()];
    let left = CALLS;
    const lane = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        await job();
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
    // The first round is for the compiler.
    if (round === 0) continue;
    rates.push((CALLS * 1000) / (performance.now() - startedMs));
    costs.push(cpuMicrosecondsSince(before) / CALLS);
  }
  return { name, perSecond: median(rates), more: { "CPU µs": median(costs).toFixed(0) } };
}

function answerOf(): Record<string, unknown> {
  const json = encodeBlockJson(block);
  return {
    block_account: json.account,
    amount: "1",
    balance: json.balance,
    height: "2",
    local_timestamp: "1800000000",
    successor: ZERO_HASH,
    confirmed: "true",
    contents: json,
    subtype: "send",
  };
}
