import {
  derivePublicKey,
  hashBlock,
  type PublicKey,
  publicKeyOf,
  signBlock,
  type UnsignedBlock,
  ZERO_HASH,
} from "../../nano/index.js";
import { formatDifficulty } from "../difficulty.js";
import { readAddress, readHash, readRaw, type StateBlock } from "../ledger-block.js";
import type { DevNode } from "../node.js";
import { rootOf, valueOfWork } from "../process.js";
import { type RpcAnswer, refuse } from "./answer.js";
import { contentsAnswer } from "./blocks.js";
import { readSecret } from "./keys.js";
import { NO_WORK, type RpcRequest } from "./request.js";
import { findWork } from "./running-work.js";
import { difficultyOnLedger } from "./work.js";

const NO_KEY = "Private key or local wallet and account required";
const INCOMPLETE = "Previous, representative, final balance and link (source or destination) are required";

/** The fields of a block to be, as far as they were given. */
interface Draft {
  readonly account: PublicKey | undefined;
  readonly representative: PublicKey | undefined;
  readonly work: string;
  readonly secretKey: Uint8Array;
  readonly previous: UnsignedBlock["previous"] | undefined;
  readonly balanceRaw: bigint;
  readonly link: UnsignedBlock["link"] | undefined;
}

/**
 * Signs a state block with the key in the request; nothing gets onto the ledger. The node checks next to nothing: a
 * balance that is left out is zero. Its signatures are random, ours are always the same. Legacy blocks are not made.
 */
export async function blockCreate(request: RpcRequest, node: DevNode, signal: AbortSignal): Promise<RpcAnswer> {
  const type = request.text("type");
  request.checkWorkVersion();
  const difficulty = request.difficulty();
  const draft = readDraft(request, node);
  const account = publicKeyOf(derivePublicKey(draft.secretKey));
  if (draft.account !== undefined && draft.account !== account) refuse("Incorrect key for given account");
  if (type !== "state") refuse("Invalid block type");
  const { previous, representative, balanceRaw, link } = draft;
  if (previous === undefined || representative === undefined || link === undefined) refuse(INCOMPLETE);
  const unsigned = { account, previous, representative, balanceRaw, link };
  const signed: StateBlock = { type: "state", ...signBlock(unsigned, draft.secretKey), work: draft.work };
  const work = draft.work === NO_WORK ? await search(signed, difficulty, node, signal) : draft.work;
  const block = { ...signed, work };
  return {
    hash: hashBlock(block).toUpperCase(),
    difficulty: formatDifficulty(valueOfWork(block)),
    block: contentsAnswer(block, request),
  };
}

async function search(
  block: StateBlock,
  asked: bigint | undefined,
  node: DevNode,
  signal: AbortSignal,
): Promise<string> {
  const threshold = asked ?? difficultyOnLedger(block, node);
  return (await findWork(node, rootOf(block), threshold, signal)) ?? refuse("Work generation cancellation or failure");
}

/** Fields in the node's order, so that the first that is wrong is the one it names. */
function readDraft(request: RpcRequest, { rules }: DevNode): Draft {
  const wallet = request.optional("wallet", readHash, "Bad wallet number");
  const account = request.optional("account", readAddress, "Bad account number");
  const representative = request.optional("representative", readAddress, "Bad representative number");
  const destination = request.optional("destination", readAddress, "Bad destination account");
  const source = request.optional("source", readHash, "Bad source");
  request.optional("amount", readRaw, "Invalid amount number");
  const work = request.work();
  if (work === NO_WORK && !rules.workGeneration) refuse("Work generation is disabled");
  if ((wallet ?? ZERO_HASH) !== ZERO_HASH && !isNull(account)) refuse("Wallet not found");
  const secretKey = request.optional("key", readSecret, "Bad private key");
  const previous = request.optional("previous", readHash, "Bad previous");
  const balanceRaw = request.optional("balance", readRaw, "Invalid balance number") ?? 0n;
  const named = isNull(source) ? destination : source;
  const link = request.optional("link", readLink, "Bad link number") ?? (isNull(named) ? undefined : named);
  if (secretKey === undefined || secretKey.every((byte) => byte === 0)) refuse(NO_KEY);
  return {
    account,
    representative: isNull(representative) ? undefined : representative,
    work,
    secretKey,
    previous,
    balanceRaw,
    link,
  };
}

function readLink(text: string): UnsignedBlock["link"] | undefined {
  return readAddress(text) ?? readHash(text);
}

/** Left out, or all zeros, which a node cannot tell apart. */
function isNull(value: string | undefined): boolean {
  return value === undefined || /^0+$/.test(value);
}
