import { setTimeout as pause } from "node:timers/promises";
import type { Ledger } from "x402-nano/rpc";
import { encodeBlockJson, hashBlock } from "../../src/nano/index.js";
import { decodeHeader, type Track } from "../../src/protocol/index.js";
import { type Envelope, type HandPayer, type Offer, paymentHeaders, wrap } from "../support/hand-payer.js";
import type { Random } from "../support/nano.js";
import { type Answer, type Sale, timesServed } from "./sale.js";
import type { Shop } from "./shop.js";

type Place = Pick<Shop, "url">;

/** Does what an honest buyer may do, and never pays anew. Now and then it sends copies, as an impatient one does. */
export interface Buyer {
  readonly sales: ReadonlyMap<string, Sale>;
  /** Signs a block (Track A), or sends it (Track B), for goods of its own. */
  pay(payer: HandPayer, track: Track): Promise<Sale>;
  /** Once, with the proof that is right now. True when it was served. */
  present(sale: Sale): Promise<boolean>;
  /** Until it is served, or refused for good. */
  presentUntilDecided(sale: Sale): Promise<void>;
  /** A proof that is new through and through, for a block that may have bought its response already. */
  claimAnew(sale: Sale): Promise<void>;
  /** The same until it is refused for good, or served: a lease that a crash left may be in the way at first. */
  claimUntilDecided(sale: Sale): Promise<void>;
  /** To all shops at once. */
  presentCopies(sale: Sale): Promise<void>;
}

export interface BuyerOptions {
  readonly shops: readonly [Place, ...Place[]];
  readonly ledger: Ledger;
  readonly random: Random;
}

/** The block has bought its response, or never will. */
const FINAL = new Set<string | undefined>(["duplicate_block_hash", "payment_too_old"]);
/** Nothing that a crash leaves behind takes longer: a settle's lease ends after 17 s. */
const PATIENCE_MS = 40_000;

export function createBuyer({ shops, ledger, random }: BuyerOptions): Buyer {
  const sales = new Map<string, Sale>();
  const proofs = new Map<Sale, Envelope>();
  let begun = 0;
  let attempts = 0;

  const anyShop = (): Place => shops[random.below(shops.length)] ?? shops[0];

  const send = async (shop: Place, sale: Sale, proof: Envelope): Promise<Answer> => {
    attempts += 1;
    const attempt = String(attempts);
    const answer = { attempt, ...(await ask(shop, sale.id, attempt, proof)) };
    sale.answers.push(answer);
    return answer;
  };

  const proveAnew = async (sale: Sale, hasLanded: boolean): Promise<Envelope> => {
    const offers = await askOffers(anyShop(), sale.id);
    const proof =
      sale.track === "nanoTxn" && !hasLanded
        ? wrap(offers.nanoTxn, { block: { ...encodeBlockJson(sale.block) } })
        : sale.payer.proveNanoSignature(offers.nanoSignature, sale.hash);
    proofs.set(sale, proof);
    return proof;
  };

  /** The same proof again, unless the last answer or the ledger says that another is wanted. */
  const proofFor = async (sale: Sale): Promise<Envelope> => {
    const last = proofs.get(sale);
    const reason = sale.answers.at(-1)?.reason;
    const hasLanded = sale.answers.length > 0 && (await ledger.blockInfo(sale.hash)) !== undefined;
    const isWrongTrack = hasLanded && last?.payload["block"] !== undefined;
    const isRefused = reason === "payment_expired" || reason === "block_already_landed";
    const isNew = last === undefined || isWrongTrack || isRefused || isOld(last) || random.below(4) === 0;
    return isNew ? proveAnew(sale, hasLanded) : last;
  };

  const claim = async (sale: Sale): Promise<Answer> => send(anyShop(), sale, await proveAnew(sale, true));

  const buyer: Buyer = {
    sales,
    async pay(payer, track) {
      begun += 1;
      const id = String(begun);
      const offers = await askOffers(anyShop(), id);
      const { payTo, amount } = offers[track];
      const order = { payTo, amountRaw: BigInt(amount) };
      const block = track === "nanoTxn" ? await payer.signSend(order) : (await payer.send(order)).block;
      const sale: Sale = { id, track, payer, block, hash: hashBlock(block), answers: [], runs: [] };
      sales.set(id, sale);
      proofs.set(
        sale,
        track === "nanoTxn"
          ? wrap(offers.nanoTxn, { block: { ...encodeBlockJson(block) } })
          : payer.proveNanoSignature(offers.nanoSignature, sale.hash),
      );
      return sale;
    },
    async present(sale) {
      const proof = await proofFor(sale);
      if (random.below(5) === 0) await buyer.presentCopies(sale);
      else await send(anyShop(), sale, proof);
      return timesServed(sale) > 0;
    },
    presentUntilDecided: (sale) => untilDecided(async () => send(anyShop(), sale, await proofFor(sale))),
    async claimAnew(sale) {
      await claim(sale);
    },
    claimUntilDecided: (sale) => untilDecided(() => claim(sale)),
    async presentCopies(sale) {
      const proof = await proofFor(sale);
      await Promise.all(shops.map((shop) => send(shop, sale, proof)));
    },
  };
  return buyer;
}

async function untilDecided(present: () => Promise<Answer>): Promise<void> {
  for (const endMs = performance.now() + PATIENCE_MS; performance.now() < endMs; await pause(100)) {
    const { isServed, reason } = await present();
    if (isServed || FINAL.has(reason)) return;
  }
}

function isOld({ accepted }: Envelope): boolean {
  return Number((accepted as Offer).extra["validBefore"]) * 1000 < Date.now();
}

async function askOffers(shop: Place, sale: string): Promise<{ readonly [name in Track]: Offer }> {
  for (;;) {
    const response = await get(shop, sale, "0");
    if (response === undefined) continue;
    const all = decodeHeader(response.headers.get("PAYMENT-REQUIRED") ?? "")["accepts"] as Offer[];
    const [nanoTxn, nanoSignature] = ["nanoTxn", "nanoSignature"].map((track) =>
      all.find(({ extra }) => extra["assetTransferMethod"] === track),
    );
    if (nanoTxn === undefined || nanoSignature === undefined) throw new TypeError("the 402 does not offer both tracks");
    return { nanoTxn, nanoSignature };
  }
}

async function ask(shop: Place, sale: string, attempt: string, proof: Envelope): Promise<Omit<Answer, "attempt">> {
  const response = await get(shop, sale, attempt, paymentHeaders(proof));
  if (response === undefined) return { status: 0, isServed: false, reason: undefined };
  const { status, headers, text } = response;
  const isServed = status === 200;
  if (isServed && JSON.parse(text).sold !== sale) throw new TypeError(`${text} are the goods of another sale`);
  return { status, isServed, reason: isServed ? undefined : reasonOf(headers) };
}

interface Got {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** undefined where the connection broke off. */
async function get(
  shop: Place,
  sale: string,
  attempt: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Got | undefined> {
  const url = `${await shop.url()}?sale=${sale}&attempt=${attempt}`;
  try {
    const response = await fetch(url, { headers });
    return { status: response.status, headers: response.headers, text: await response.text() };
  } catch (error) {
    // What fetch says of a connection that is refused or lost; anything else is a bug of this test.
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** From the settlement, or from the 402. */
function reasonOf(headers: Headers): string | undefined {
  const [settled, required] = ["PAYMENT-RESPONSE", "PAYMENT-REQUIRED"].map((name) => headers.get(name));
  const reason = settled
    ? decodeHeader(settled)["errorReason"]
    : required
      ? decodeHeader(required)["error"]
      : undefined;
  return typeof reason === "string" ? reason : undefined;
}
