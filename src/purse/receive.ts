import { NanoError } from "../errors/index.js";
import { type BlockHash, type PublicKey, type SignedBlock, type UnsignedBlock, ZERO_HASH } from "../nano/index.js";
import type { BlockPurpose } from "./accounts/index.js";
import { undecided } from "./chain.js";
import { watchConfirmation } from "./confirmation.js";
import { assertOpen, type PurseParts } from "./parts.js";
import { noteConfirmed } from "./sightings.js";
import { findWork } from "./work.js";

export interface ReceiveResult {
  readonly count: number;
  readonly amountRaw: bigint;
}

/**
 * Takes in confirmed incoming sends, largest first, until the balance reaches `enoughRaw` where that is given. Waits
 * for the last one's confirmation, which the earlier ones share. Runs inside `chain.exclusively`.
 */
export async function receiveIncoming(parts: PurseParts, untilMs: number, enoughRaw?: bigint): Promise<ReceiveResult> {
  const { ledger, signer, chain } = parts;
  const incoming = [...(await ledger.receivable(signer.account))].sort(byAmountDescending);
  let head = await chain.settledHead(untilMs);
  let received: ReceiveResult = { count: 0, amountRaw: 0n };
  let last: SignedBlock | undefined;
  for (const { hash, amountRaw } of incoming) {
    const balanceRaw = head?.block.balanceRaw ?? 0n;
    if (enoughRaw !== undefined && balanceRaw >= enoughRaw) break;
    const unsigned = {
      account: signer.account,
      previous: head?.hash ?? ZERO_HASH,
      representative: representativeFor(parts, head?.block.representative),
      balanceRaw: balanceRaw + amountRaw,
      link: hash,
    };
    const subtype = head === undefined ? "open" : "receive";
    const block = await signReceive(parts, unsigned, { subtype, amountRaw, previousBlock: head?.block });
    const result = await chain.publish({ block, subtype }, untilMs);
    if (result.outcome === "undecided") {
      if (result.isOut) throw undecided(block, result);
      throw new NanoError("block_refused", { why: result.why, receiving: hash }, result.cause);
    }
    head = await chain.settledHead(untilMs);
    if (result.outcome === "void") continue;
    last = block;
    received = { count: received.count + 1, amountRaw: received.amountRaw + amountRaw };
  }
  if (last !== undefined && head !== undefined) await awaitConfirmation(parts, last, head.hash, untilMs);
  return received;
}

/** What a block of ours names: the user's choice, else what the account has, else the account itself. */
export function representativeFor({ settings, signer }: PurseParts, current: PublicKey | undefined): PublicKey {
  return settings.representative ?? current ?? signer.account;
}

async function signReceive(parts: PurseParts, unsigned: UnsignedBlock, purpose: BlockPurpose): Promise<SignedBlock> {
  const { settings, signer } = parts;
  const root = unsigned.previous === ZERO_HASH ? unsigned.account : unsigned.previous;
  const work = await findWork(parts, root, settings.workThresholds.receive);
  assertOpen(parts);
  return { ...(await signer.signBlock(unsigned, purpose)), work };
}

async function awaitConfirmation(
  parts: PurseParts,
  last: SignedBlock,
  hash: BlockHash,
  untilMs: number,
): Promise<void> {
  if (await watchConfirmation(parts, hash, untilMs).isConfirmed) await noteConfirmed(parts, last);
}

function byAmountDescending(left: { readonly amountRaw: bigint }, right: { readonly amountRaw: bigint }): number {
  if (left.amountRaw === right.amountRaw) return 0;
  return left.amountRaw > right.amountRaw ? -1 : 1;
}
