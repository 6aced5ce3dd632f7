import { isBlockHash, isPublicKey, ZERO_HASH } from "../../nano/index.js";
import { readHex, type StateBlock } from "../ledger-block.js";
import type { LedgerEntry } from "../ledger-entry.js";
import type { LedgerState } from "../ledger-state.js";
import type { DevNode } from "../node.js";
import { rootOf } from "../process.js";
import { listAnswer, type RpcAnswer, refuse } from "./answer.js";
import { contentsAnswer } from "./blocks.js";
import type { RpcRequest } from "./request.js";

/** The null account, in whose name the node opens an election. */
const NO_VOTER = "nano_1111111111111111111111111111111111111111111111111111hifc8npp";

/** An election is over the moment it is won, so none is both active and confirmed, and nobody had to be asked twice. */
export function confirmationActive(request: RpcRequest, { state }: DevNode): RpcAnswer {
  const announcements = Number.parseInt(request.optionalText("announcements") ?? "", 10);
  const roots = announcements > 0 ? [] : [...state.elections()].map(({ block }) => describeRoot(block));
  return { confirmations: listAnswer(roots), unconfirmed: roots.length.toString(), confirmed: "0" };
}

/** The block on the ledger is its only candidate: a fork is refused before anybody could vote for it. */
export function confirmationInfo(request: RpcRequest, { state }: DevNode): RpcAnswer {
  const root = readHex(request.text("root"), 128) ?? refuse("Invalid root hash");
  const entry = electionOn(root, state) ?? refuse("Active confirmation not found");
  const hash = entry.hash.toUpperCase();
  return {
    announcements: "0",
    voters: "1",
    last_winner: hash,
    total_tally: "0",
    final_tally: "0",
    blocks: {
      [hash]: {
        tally: "0",
        ...(request.flag("contents", true) && { contents: contentsAnswer(entry.block, request) }),
        ...(request.flag("representatives") && { representatives: { [NO_VOTER]: "0" } }),
      },
    },
  };
}

/** The root of the work and the predecessor, which differ for an account's first block alone. */
function describeRoot(block: LedgerEntry["block"]): string {
  return block.type === "open" ? "" : qualifiedRootOf(block).toUpperCase();
}

function qualifiedRootOf(block: StateBlock): string {
  return rootOf(block) + block.previous;
}

function electionOn(root: string, state: LedgerState): LedgerEntry | undefined {
  const [first, previous] = [root.slice(0, 64), root.slice(64)];
  const opened = previous === ZERO_HASH && isPublicKey(first) ? state.account(first)?.openBlock : undefined;
  const hash = opened ?? (isBlockHash(previous) ? state.block(previous)?.successor : undefined);
  const entry = hash === undefined ? undefined : state.block(hash);
  if (entry?.block.type !== "state" || !state.isActive(entry)) return undefined;
  return qualifiedRootOf(entry.block) === root ? entry : undefined;
}
