import type { PublicKey } from "../../nano/index.js";
import type { JsonFields } from "../json-fields.js";
import { destinationOf, readAddress } from "../ledger-block.js";
import type { LedgerEntry } from "../ledger-entry.js";

/** Why a block is confirmed: by its own election, or by a block that stands on it, with or without one of its own. */
export type ConfirmationType = "active_quorum" | "active_confirmation_height" | "inactive";

const ACTIVE: readonly ConfirmationType[] = ["active_quorum", "active_confirmation_height"];
const TYPES: ReadonlyMap<string, readonly ConfirmationType[]> = new Map<string, readonly ConfirmationType[]>([
  ["active", ACTIVE],
  ["active_quorum", ["active_quorum"]],
  ["active_confirmation_height", ["active_confirmation_height"]],
  ["inactive", ["inactive"]],
]);
const ALL: readonly ConfirmationType[] = [...ACTIVE, "inactive"];

/** What a message may hold beyond account, amount, hash and type. */
export interface MessageParts {
  readonly includeBlock: boolean;
  readonly includeElectionInfo: boolean;
  readonly includeSidebandInfo: boolean;
}

/**
 * What one subscriber of `confirmation` asked for. The options that need votes or a wallet (`…_with_votes`,
 * `all_local_accounts`) and `include_linked_account` are ignored: this ledger has neither votes nor wallets.
 */
export class ConfirmationOptions {
  readonly parts: MessageParts;
  readonly #types: readonly ConfirmationType[];
  readonly #isUpdatable: boolean;
  /** undefined: no filter. A filter that is given and empty lets nothing through. */
  #accounts: Set<PublicKey> | undefined;

  /** `options` may be missing: such a subscription cannot be updated, it is the node's way. */
  constructor(options: JsonFields | undefined) {
    this.parts = {
      includeBlock: options?.flag("include_block", true) ?? true,
      includeElectionInfo: options?.flag("include_election_info") ?? false,
      includeSidebandInfo: options?.flag("include_sideband_info") ?? false,
    };
    this.#types = TYPES.get(options?.optionalText("confirmation_type")?.toLowerCase() ?? "all") ?? ALL;
    this.#isUpdatable = options !== undefined;
    const accounts = options?.optionalTexts("accounts");
    if (accounts !== undefined) this.#accounts = new Set(readAddresses(accounts));
  }

  get accountCount(): number {
    return this.#accounts?.size ?? 0;
  }

  /** `accounts_add` and `accounts_del`; either one makes a filter where there was none. */
  update(options: JsonFields): boolean {
    if (!this.#isUpdatable) return false;
    const added = options.optionalTexts("accounts_add");
    const deleted = options.optionalTexts("accounts_del");
    if (added === undefined && deleted === undefined) return true;
    const accounts = this.#accounts ?? new Set();
    this.#accounts = accounts;
    for (const account of readAddresses(added ?? [])) accounts.add(account);
    for (const account of readAddresses(deleted ?? [])) accounts.delete(account);
    return true;
  }

  /**
   * The filter looks for the destination in the message itself: in a message without its block it finds none, and lets
   * nothing through, the sender's own account included (SPEC 9: an `accounts` filter needs `include_block`).
   */
  accepts(entry: LedgerEntry, type: ConfirmationType, message: MessageParts): boolean {
    if (!this.#types.includes(type)) return false;
    if (this.#accounts === undefined) return true;
    if (!message.includeBlock || entry.block.type === "open") return false;
    return this.#accounts.has(entry.account) || this.#accounts.has(destinationOf(entry.block));
  }
}

/** What is no address is passed over, in either prefix. */
function readAddresses(texts: readonly string[]): readonly PublicKey[] {
  return texts.map(readAddress).filter((account) => account !== undefined);
}
