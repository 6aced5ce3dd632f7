import type { Ledger } from "x402-nano/rpc";
import type { DevLedger } from "x402-nano/testing";
import { PAY_TO } from "../support/world.js";
import type { Front } from "./front.js";
import { type Run, type Sale, timesServed } from "./sale.js";

/** What became of all payments, from the ledger and from what buyers were answered. The lists of what must not be. */
export interface Verdict {
  readonly payments: number;
  readonly served: number;
  readonly neverLanded: number;
  readonly servedTwice: readonly string[];
  /** On the ledger, and nobody was served for it. */
  readonly lost: readonly string[];
  readonly servedUnpaid: readonly string[];
  /** Not on the ledger, and the payer could not sign another block in its place. */
  readonly neitherHereNorThere: readonly string[];
  /** The handler ran and nobody was served, although nothing failed; or it ran without a payment that was verified. */
  readonly ranInVain: readonly string[];
  /** It was served, and nobody says that its block has bought its response. */
  readonly stillOpen: readonly string[];
  /** On the ledger, for the shops, and of no buyer. */
  readonly unknownBlocks: readonly string[];
}

/** All that a verdict must not say. */
export const FAULTLESS = {
  servedTwice: [],
  lost: [],
  servedUnpaid: [],
  neitherHereNorThere: [],
  ranInVain: [],
  stillOpen: [],
  unknownBlocks: [],
};

export interface VerdictOptions {
  readonly dev: DevLedger;
  readonly ledger: Ledger;
  readonly sales: Iterable<Sale>;
  readonly fronts: readonly Front[];
}

export async function judge({ dev, ledger, sales, fronts }: VerdictOptions): Promise<Verdict> {
  const received = await receivedBlocks(dev);
  const verdict = {
    payments: 0,
    served: 0,
    neverLanded: 0,
    servedTwice: [] as string[],
    lost: [] as string[],
    servedUnpaid: [] as string[],
    neitherHereNorThere: [] as string[],
    ranInVain: [] as string[],
    stillOpen: [] as string[],
    unknownBlocks: [] as string[],
  };
  for (const sale of sales) {
    verdict.payments += 1;
    const hasLanded = received.delete(sale.hash);
    const times = timesServed(sale);
    if (hasLanded && times === 1) verdict.served += 1;
    if (!hasLanded && times === 0) verdict.neverLanded += 1;
    if (times > 1) verdict.servedTwice.push(describe(sale));
    if (hasLanded && times === 0) verdict.lost.push(describe(sale));
    if (!hasLanded && times > 0) verdict.servedUnpaid.push(describe(sale));
    if (!hasLanded && !(await isFree(sale, ledger))) verdict.neitherHereNorThere.push(describe(sale));
    if (times > 0 && sale.answers.at(-1)?.reason !== "duplicate_block_hash") verdict.stillOpen.push(describe(sale));
    if (hasRunInVain(sale, fronts)) verdict.ranInVain.push(describe(sale));
  }
  verdict.unknownBlocks.push(...received);
  return verdict;
}

/** Confirmed blocks that pay the shops: nobody receives them, so they all are receivable. */
async function receivedBlocks(dev: DevLedger): Promise<Set<string>> {
  const request = { action: "receivable", account: PAY_TO, count: "1000000", include_only_confirmed: "true" };
  const response = await fetch(dev.rpcUrl, { method: "POST", body: JSON.stringify(request) });
  const { blocks } = (await response.json()) as { blocks: readonly string[] | "" };
  const hashes = blocks === "" ? [] : blocks;
  return new Set(hashes.map((hash) => hash.toLowerCase()));
}

/** The payer's account still stands where the block would go, or has gone another way. */
async function isFree({ block, hash }: Sale, ledger: Ledger): Promise<boolean> {
  const previous = await ledger.blockInfo(block.previous);
  return previous !== undefined && previous.successor !== hash;
}

/** Each run is for one presentation, which ended in the goods, in a failure of the handler's, or of the settlement's. */
function hasRunInVain({ hash, runs, answers }: Sale, fronts: readonly Front[]): boolean {
  const verified = fronts.reduce((sum, front) => sum + front.timesVerified(hash), 0);
  if (runs.length > verified) return true;
  if (new Set(runs.map(({ attempt }) => attempt)).size < runs.length) return true;
  const hasRun = new Set(runs.map(({ attempt }) => attempt));
  if (answers.some(({ attempt, isServed }) => isServed && !hasRun.has(attempt))) return true;
  return runs.some(({ attempt, status }: Run) => {
    const answer = answers.find((one) => one.attempt === attempt);
    if (answer === undefined) return true;
    // 0: the shop died.
    const hasFailed = answer.status === 0 || answer.status >= 400;
    return status === 200 ? !answer.isServed && !hasFailed : answer.status !== status;
  });
}

function describe({ id, track, hash, answers }: Sale): string {
  const told = answers.map(({ attempt, status, reason }) => `${attempt}: ${String(status)} ${reason ?? ""}`.trim());
  return `${id} ${track} ${hash}: ${told.join(", ")}`;
}
