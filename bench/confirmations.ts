/**
 * Waiters per socket: what one wait for a confirmation costs from `wait()` to its answer, with a hundred to ten thousand
 * of them on one websocket. The node's side is a process of its own, and its messages are as long as a node's.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { WebSocketServer } from "ws";
import { createConfirmations } from "../src/ledger/confirmations/index.js";
import { openSocket } from "../src/ledger/confirmations/socket.node.js";
import { createDeadlines } from "../src/ledger/deadlines.js";
import { sleep } from "../src/ledger/index.js";
import { type BlockHash, cryptoReady, type PublicKey, parseBlockHash, publicKeyOf } from "../src/nano/index.js";
import { cpuMicrosecondsSince, median, type Row, report } from "./report.js";

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

const COUNTS = [100, 1_000, 10_000];
const ROUNDS = 5;

if (process.send === undefined) await measure();
else serve(process.send.bind(process));

/** Acknowledges whatever it is asked; tells of the hashes that it is sent from the other process. */
function serve(tell: (message: unknown) => boolean): void {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  const block = { type: "state", contents: "x".repeat(900), subtype: "send" };
  server.on("listening", () => tell({ port: Object(server.address()).port }));
  server.on("connection", (connection) => {
    connection.once("message", () => tell({ connections: server.clients.size }));
    connection.on("message", (data) => {
      const { action, id } = JSON.parse(String(data));
      connection.send(JSON.stringify({ ack: action, time: "1", id }));
    });
  });
  process.on("message", (hashes: readonly string[]) => {
    for (const connection of server.clients) {
      for (const hash of hashes) {
        const message = { account: "x".repeat(65), amount: "1", hash, confirmation_type: "active_quorum", block };
        connection.send(JSON.stringify({ topic: "confirmation", time: "1", message }, undefined, 4));
      }
    }
  });
}

async function measure(): Promise<void> {
  await cryptoReady();
  const child = fork(fileURLToPath(import.meta.url), { execArgv: ["--import", "tsx"] });
  const [{ port }] = await once(child, "message");
  const rows: Row[] = [];
  for (const count of COUNTS) {
    // Collecting garbage leaves everything slow for a while, so memory is measured apart.
    const { heapBytes } = await runRound(child, port, count, readHeap);
    const rounds: Round[] = [];
    for (let round = 0; round < 2 * ROUNDS; round += 1) rounds.push(await runRound(child, port, count));
    rounds.splice(0, ROUNDS);
    const medianOf = (name: keyof Round): number => median(rounds.map((figures) => figures[name]));
    rows.push({
      name: `${String(count)} waiters`,
      perSecond: (count * 1e6) / medianOf("cpuMicroseconds"),
      more: {
        "heap bytes each": Math.round(heapBytes / count),
        sockets: medianOf("sockets"),
        timers: medianOf("timers"),
        looks: medianOf("looks"),
      },
    });
  }
  child.kill();
  report("waiters on one websocket, from wait() to their answer, per CPU second", "100 waiters", rows);
}

interface Round {
  readonly cpuMicroseconds: number;
  readonly heapBytes: number;
  readonly sockets: number;
  readonly timers: number;
  readonly looks: number;
}

/** Each waits for a block of its own, as a settlement does, on an account of its own. */
async function runRound(child: ChildProcess, port: number, count: number, measureHeap = () => 0): Promise<Round> {
  let looks = 0;
  let timers = 0;
  const confirmations = createConfirmations({
    isConfirmed: async () => {
      looks += 1;
      return false;
    },
    deadlines: createDeadlines({
      clock: Date.now,
      async sleep(ms, signal) {
        timers += 1;
        await sleep(ms, signal);
        timers -= 1;
      },
    }),
    pollIntervalMs: 250,
    random: Math.random,
    onNotice: console.warn,
    socket: { url: `ws://127.0.0.1:${String(port)}`, openSocket },
  });
  const blocks = Array.from({ length: count }, (_, index) => blockOf(index));
  const after = new Promise(() => undefined);
  const subscribed = once(child, "message");

  // What the round before left behind goes when its socket is closed.
  await delay(100);
  const heapBefore = measureHeap();
  const cpuBefore = process.cpuUsage();
  const answers = blocks.map(({ hash, account }) => confirmations.wait(hash, { account, timeoutMs: 25_000, after }));
  const [{ connections }] = await subscribed;
  const cpuToSubscribe = cpuMicrosecondsSince(cpuBefore);
  const heapBytes = measureHeap() - heapBefore;
  const timersMeanwhile = timers;

  child.send(blocks.map(({ hash }) => hash.toUpperCase()));
  const cpuBetween = process.cpuUsage();
  const isConfirmed = await Promise.all(answers);
  const cpuMicroseconds = cpuToSubscribe + cpuMicrosecondsSince(cpuBetween);
  confirmations.close();
  if (isConfirmed.includes(false)) console.error("A block was not confirmed.");
  return { cpuMicroseconds, heapBytes, sockets: connections, timers: timersMeanwhile, looks };
}

function blockOf(index: number): { readonly hash: BlockHash; readonly account: PublicKey } {
  const bytes = new Uint8Array(32);
  new DataView(bytes.buffer).setUint32(28, index);
  return { hash: parseBlockHash(index.toString(16).padStart(64, "0")), account: publicKeyOf(bytes) };
}

function readHeap(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}
