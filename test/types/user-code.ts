/**
 * What users type (DESIGN), as types: compiled against the sources by `npm run typecheck` and against the packed
 * declarations by the package test. It is never run.
 */
import { x402Client } from "@x402/core/client";
import { x402Facilitator } from "@x402/core/facilitator";
import { HTTPFacilitatorClient, x402ResourceServer } from "@x402/core/server";
import { type ErrorCode, hasCode, isNanoError, type NanoError, type PublicKey, parseAddress, xno } from "x402-nano";
import * as clientEntry from "x402-nano/client";
import * as facilitatorEntry from "x402-nano/facilitator";
import { cachedWork, createLedger, type Ledger, localWork, workInOrder, workServer } from "x402-nano/rpc";
import * as serverEntry from "x402-nano/server";
import {
  type ContractHarness,
  type RpcFault,
  redemptionStoreContract,
  startDevLedger,
  wrongAmounts,
} from "x402-nano/testing";

export async function buyer(seed: string, rpcUrls: string[]): Promise<x402Client> {
  const purse = await clientEntry.createPurse({ seed, rpcUrls, maxPerPayment: "0.01 XNO", maxPerDay: "1 XNO" });
  return new x402Client().register("nano:mainnet", new clientEntry.ExactNanoScheme(purse));
}

export function seller(payTo: string, challengeSecret: string, facilitatorUrl: string): x402ResourceServer {
  const [nanoTxn, nanoSignature] = serverEntry.nanoAccepts({ payTo, price: "0.001 XNO" });
  const networks: string[] = [nanoTxn.network, nanoSignature.network];
  if (networks.length !== 2) return new x402ResourceServer();
  return new x402ResourceServer(new HTTPFacilitatorClient({ url: facilitatorUrl })).register(
    "nano:mainnet",
    new serverEntry.ExactNanoScheme({ challengeSecret, facilitatorUrl }),
  );
}

export function facilitator(rpcUrls: string[], websocketUrl: string, challengeSecret: string): x402Facilitator {
  const ledger: Ledger = createLedger({
    rpcUrls: [...rpcUrls, { url: "https://node.example", body: { key: "…" }, requestsPerSecond: 10 }],
    websocketUrl,
    agreement: 2,
    work: (node) => cachedWork(workInOrder([workServer({ url: "http://127.0.0.1:7000" }), node, localWork()])),
  });
  const store = facilitatorEntry.memoryStore();
  return new x402Facilitator().register(
    "nano:mainnet",
    new facilitatorEntry.ExactNanoScheme({ ledger, store, challengeSecret }),
  );
}

export async function durable(file: string, redisUrl: string): Promise<facilitatorEntry.RedemptionStore[]> {
  const [one, many] = await Promise.all([
    facilitatorEntry.sqliteStore(file, { integrityCheck: "full" }),
    facilitatorEntry.redisStore(redisUrl, { keyPrefix: "shop:", replicas: 1 }),
  ]);
  return [one, many];
}

/** Vitest's own functions fit, and jest's. */
export function testMyStore(harness: ContractHarness): void {
  redemptionStoreContract(harness, { name: "mine", create: (clock) => facilitatorEntry.memoryStore({ clock }) });
}

export function replayResponses(): serverEntry.ResponseReplay {
  const declared: Record<string, unknown> = serverEntry.declarePaymentIdentifier({ required: true });
  if (declared["payment-identifier"] === undefined) throw new TypeError("not declared");
  new x402Client().registerExtension(clientEntry.paymentIdentifierClientExtension());
  return serverEntry.createResponseReplay({ keepSeconds: 600, store: serverEntry.memoryResponseStore() });
}

export async function quickStart(payTo: string): Promise<string> {
  const dev = await startDevLedger();
  await dev.fund(payTo, xno("1"));
  return dev.rpcUrl;
}

export async function hostileNode(): Promise<number> {
  const dev = await startDevLedger();
  const node = await dev.addNode();
  const fault: RpcFault = { kind: "status", status: 429, retryAfter: 1 };
  const planned = node.faults.rpc(fault, { action: ["block_info", "process"], times: 3 });
  dev.faults.rpc(wrongAmounts(), { times: 1 });
  node.faults.websocket({ kind: "reversed", count: 2 });
  node.disconnect();
  node.reconnect();
  return planned.hits;
}

/** A code narrows the error; a key is no mere string. */
export function narrow(error: unknown, address: string): ErrorCode | PublicKey {
  // @ts-expect-error: text must be parsed before it is a key
  const wrong: PublicKey = address;
  if (hasCode(error, "invalid_address")) {
    const narrowed: NanoError<"invalid_address"> = error;
    return narrowed.code;
  }
  return isNanoError(error) ? error.code : parseAddress(wrong);
}
