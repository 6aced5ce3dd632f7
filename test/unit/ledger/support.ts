import { afterEach } from "vitest";
import { isNanoError, type NanoError } from "../../../src/errors/index.js";
import { createLedger, type Ledger, type LedgerOptions } from "../../../src/ledger/index.js";
import { parseBlockHash, type SignedBlock } from "../../../src/nano/index.js";
import { type PrintedBlock, readPrintedBlock, readRecording } from "../../support/nano.js";
import { type FakeNode, hangUp, json, type Reply, startFakeNode, text } from "./fake-node.js";

export const main = readRecording("main.jsonl");

export function recorded(step: number): {
  request: Readonly<Record<string, unknown>>;
  response: Record<string, string>;
} {
  const found = main.find((entry) => entry.step === step);
  if (found === undefined) throw new Error(`no step ${step}`);
  return { request: found.request, response: { ...found.response } };
}

/** The block of a recorded `process`, as our types have it. */
export function recordedBlock(step: number): SignedBlock {
  return readPrintedBlock(recorded(step).request["block"] as PrintedBlock);
}

/** The send of steps 16 to 21. */
export const SEND = recordedBlock(16);
export const SEND_HASH = parseBlockHash(recorded(16).response["hash"] ?? "");
export const CONFIRMED_SEND = recorded(18).response;
export const UNCONFIRMED_SEND = recorded(17).response;

const halfOf = (value: string): string => value.slice(0, value.length / 2);
const CONFIRMED = JSON.stringify(CONFIRMED_SEND);

/** How providers fail, and what is said of it. Each is a fault: none decides about a payment. */
export const FAULTS: readonly (readonly [name: string, reply: Reply, why: string])[] = [
  ["429", json({ error: "Too many requests" }, 429), "HTTP status"],
  ["429 with a ledger's words", json({ error: "Block not found" }, 429), "HTTP status"],
  ["5xx", text("<h1>502 Bad Gateway</h1>", "text/html", 502), "HTTP status"],
  ["5xx with a ledger's words", json({ error: "Fork" }, 500), "HTTP status"],
  ["401", json({ error: "missing key" }, 401), "HTTP status"],
  ["a redirect", (response) => response.writeHead(302, { location: "http://127.0.0.1:1/" }).end(), "HTTP status"],
  ["HTML", text("<!doctype html><h1>Checking your browser</h1>"), "not JSON"],
  ["truncated JSON", text(halfOf(CONFIRMED), "application/json"), "not JSON"],
  ["nothing at all", text("", "application/json"), "not JSON"],
  ["a list", json([]), "unexpected answer"],
  ["null", json(null), "unexpected answer"],
  ["another object", json({ message: "hello" }), "unexpected answer"],
  ["an unknown error", json({ error: "action not allowed" }), "unknown error"],
  ["a rate limit with 200", json({ error: "Rate limit reached" }), "unknown error"],
  ["an error that is no text", json({ error: { code: 7 } }), "unknown error"],
  ["a connection lost after the request", hangUp, "connection lost"],
  ["a body cut off", (response) => cutOff(response), "connection lost"],
  ["an endless answer", text(" ".repeat(2_000_000), "application/json"), "answer too large"],
];

function cutOff(response: Parameters<Reply>[0]): void {
  response.writeHead(200, { "content-length": "1000" });
  response.write("{", () => response.socket?.destroy());
}

/** Nodes and ledgers of one test file, closed after each test. */
export function createStage(): {
  readonly node: (reply: Reply, onConnection?: Parameters<typeof startFakeNode>[1]) => Promise<FakeNode>;
  readonly ledger: (rpcUrls: LedgerOptions["rpcUrls"], options?: Partial<LedgerOptions>) => Ledger;
} {
  const closers: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });
  return {
    async node(reply, onConnection) {
      const node = await startFakeNode(reply, onConnection);
      closers.push(() => node.close());
      return node;
    },
    ledger(rpcUrls, options = {}) {
      const ledger = createLedger({ rpcUrls, ...options });
      closers.push(() => ledger.close());
      return ledger;
    },
  };
}

/** The NanoError that a call fails with. */
export async function errorOf(call: Promise<unknown>): Promise<NanoError> {
  try {
    await call;
  } catch (error) {
    if (isNanoError(error)) return error;
    throw error;
  }
  throw new Error("the call did not fail");
}

/** A port of the loopback interface on which nobody listens. */
export async function deadUrl(): Promise<string> {
  const node = await startFakeNode(() => undefined);
  await node.close();
  return node.url;
}

export function createGate(): { readonly isOpen: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const isOpen = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { isOpen, open: () => open() };
}
