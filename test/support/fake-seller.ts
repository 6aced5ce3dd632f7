import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Ledger } from "x402-nano/rpc";
import { hashBlock, hexToBytes, keyBytes, verifyNoms } from "../../src/nano/index.js";
import {
  challengeMessage,
  decodeHeader,
  encodeHeader,
  type Payment,
  parsePayment,
  requirementsSchema,
  spokenChallenge,
  type Track,
} from "../../src/protocol/index.js";
import { PAY_TO } from "./world.js";

/** What the seller does with a paid request; `serve` where nothing is scripted. */
export type SellerAct =
  | "serve"
  /** The connection is cut, before or after the payment was settled. */
  | "reset"
  | "settleAndReset"
  /** A bare status, as a broken handler or proxy gives it. */
  | "error500"
  /** Another 402, as after a failed verification. */
  | "again"
  /** 402 with a settlement that failed. */
  | "unsettled"
  /** 200 and "settled", with a Track A block that stays in the drawer. */
  | "serveUnsettled";

export interface FakeSeller {
  readonly url: string;
  /** Acts for the next paid requests. */
  readonly script: SellerAct[];
  /** Hashes that bought a response, in that order. */
  readonly redeemed: string[];
  /** Hashes of all proofs that came in. */
  readonly presented: string[];
  /** Track A blocks it was shown. */
  readonly blocks: Extract<Payment, { track: "nanoTxn" }>["payload"]["block"][];
  close(): Promise<void>;
}

export interface FakeSellerOptions {
  readonly ledger: Ledger;
  readonly clock: () => number;
  readonly tracks: readonly Track[];
  /** Of a Track B entry; a Track A entry asks for one raw more. */
  readonly priceRaw: bigint;
}

/** A seller on a loopback port with a mind of its own; it redeems a block once, for any path. */
export async function startFakeSeller(options: FakeSellerOptions): Promise<FakeSeller> {
  const { ledger, clock, tracks, priceRaw } = options;
  const script: SellerAct[] = [];
  const redeemed: string[] = [];
  const presented: string[] = [];
  const blocks: FakeSeller["blocks"] = [];
  /** Stricter than SPEC 5: whoever presents again must have signed a challenge of its own. */
  const usedNonces = new Set<string>();
  let challenges = 0;

  const offer = (track: Track) => ({
    scheme: "exact",
    network: "nano:mainnet",
    asset: "XNO",
    amount: (track === "nanoTxn" ? priceRaw + 1n : priceRaw).toString(),
    payTo: PAY_TO,
    maxTimeoutSeconds: 60,
    extra: {
      assetTransferMethod: track,
      validBefore: Math.floor(clock() / 1000) + 60,
      ...(track === "nanoTxn" ? {} : { nonce: challenges.toString(16).padStart(64, "0") }),
    },
  });

  const require402 = (request: IncomingMessage, response: ServerResponse, error?: string): void => {
    challenges += 1;
    const resource = { url: `http://${request.headers.host ?? ""}${request.url ?? ""}` };
    const required = { x402Version: 2, error, resource, accepts: tracks.map(offer) };
    response.writeHead(402, { "PAYMENT-REQUIRED": encodeHeader(required) }).end();
  };

  /** The hash where the payment is good; else why it is not. */
  const judge = async (payment: Payment): Promise<{ hash: string } | { reason: string }> => {
    const hash = payment.track === "nanoTxn" ? hashBlock(payment.payload.block) : payment.payload.blockHash;
    presented.push(hash);
    if (redeemed.includes(hash)) return { reason: "duplicate_block_hash" };
    if (payment.track === "nanoTxn") {
      blocks.push(payment.payload.block);
      return (await ledger.blockInfo(hashBlock(payment.payload.block))) === undefined
        ? { hash }
        : { reason: "block_already_landed" };
    }
    const { blockHash, account, signature } = payment.payload;
    const { nonce, validBefore } = spokenChallenge(payment);
    const message = challengeMessage(blockHash, nonce ?? "", validBefore ?? 0);
    if (nonce === undefined || usedNonces.has(nonce)) return { reason: "challenge_invalid" };
    usedNonces.add(nonce);
    if (!verifyNoms(hexToBytes(signature, 64), message, keyBytes(account))) return { reason: "invalid_signature" };
    const info = await ledger.blockInfo(blockHash);
    if (info?.confirmed !== true || info.block?.link !== payment.requirements.payTo)
      return { reason: "block_not_found" };
    return info.amountRaw < priceRaw ? { reason: "insufficient_amount" } : { hash };
  };

  const settle = async (payment: Payment, hash: string): Promise<void> => {
    redeemed.push(hash);
    if (payment.track === "nanoTxn") await ledger.process(payment.payload.block, "send");
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const payment = readPayment(request);
    if (payment === undefined) {
      require402(request, response);
      return;
    }
    const act = script.shift() ?? "serve";
    const verdict = await judge(payment);
    if ("reason" in verdict || act === "again") {
      require402(request, response, "reason" in verdict ? verdict.reason : "payment_expired");
      return;
    }
    const { hash } = verdict;
    if (act === "serve" || act === "settleAndReset") await settle(payment, hash);
    if (act === "reset" || act === "settleAndReset") {
      request.socket.destroy();
      return;
    }
    if (act === "error500") {
      response.writeHead(500).end("broken");
      return;
    }
    const success = act !== "unsettled";
    const settlement = { success, transaction: success ? hash.toUpperCase() : "", network: "nano:mainnet" };
    const failure = success ? {} : { errorReason: "facilitator_unavailable" };
    response
      .writeHead(success ? 200 : 402, { "PAYMENT-RESPONSE": encodeHeader({ ...settlement, ...failure }) })
      .end("ok");
  };

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.writeHead(599).end(String(error)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/weather`,
    script,
    redeemed,
    presented,
    blocks,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function readPayment(request: IncomingMessage): Payment | undefined {
  const header = request.headers["payment-signature"];
  if (typeof header !== "string") return undefined;
  try {
    const envelope = decodeHeader(header);
    requirementsSchema.parse(envelope["accepted"]);
    const parsed = parsePayment(envelope, envelope["accepted"], { allowLease: false });
    return parsed.ok ? parsed.payment : undefined;
  } catch {
    return undefined;
  }
}
