/**
 * Where redemptions live (SPEC 4). Only atomic moves: there is no `has` followed by `add`, because between the two a
 * second copy of the request would be served. Hashes, accounts and tokens are lower-case hexadecimal text.
 *
 * States of a hash: free → reserved (a lease) → broadcasting (Track A: the block is journalled) → redeemed | closed,
 * which is free again; `states.ts` has every move.
 * Every method throws `store_unavailable` when it cannot decide; the payment is then not accepted (R7).
 */
export interface RedemptionStore {
  /** R6: a store without history refuses blocks that the node saw in this second or before. */
  readonly bornAtSeconds: number;

  /** Takes the lease on `hash` (and on `previous`), in one step, or says who is in the way (R2, R3). */
  claim(claim: Claim): Promise<ClaimResult>;

  /** Moves the hash that `token` holds; "lost" where another lease took it meanwhile. */
  advance(token: LeaseToken, step: Advance): Promise<AdvanceResult>;

  /**
   * Ends a lease. A reserved hash is free again; a journalled block stays listed as open, and its token is still
   * known, until it is closed. `false` where the token holds nothing.
   */
  release(token: LeaseToken): Promise<boolean>;

  /** Reads only; the checks before the claim use it (rows 7 and 11 of Track A, row 5 of Track B). */
  get(key: EntryKey): Promise<EntryView>;

  /** Journalled blocks that are neither redeemed nor closed, oldest first: what recovery walks (R9). */
  listOpen(): Promise<readonly OpenEntry[]>;

  close(): Promise<void>;
}

/** `<account>.<hash>.<32 random bytes>`: names its entry, so that a sharded store finds it; unguessable by the end. */
export type LeaseToken = string;

export interface EntryKey {
  /** The paying account's key: tags all keys of a payment in a sharded store. */
  readonly account: string;
  readonly hash: string;
  /** Track A only: the block that this one follows. */
  readonly previous?: string | undefined;
}

export interface Claim extends EntryKey {
  /**
   * `verify`: refused by any open lease of the hash. `settle`: continues the lease of `token`; without a known token it
   * takes over an open lease of the same payment that a verify holds, never one that a settle holds.
   */
  readonly purpose: "verify" | "settle";
  /** What makes two proofs the same payment: track, hash, payTo, amount and challenge, as one digest. */
  readonly paymentId: string;
  readonly token?: LeaseToken | undefined;
  readonly leaseMs: number;
}

export type ClaimResult =
  | { readonly outcome: "claimed"; readonly token: LeaseToken; readonly state: "reserved" | "broadcasting" }
  | { readonly outcome: "redeemed"; readonly byThisToken: boolean; readonly result: string | undefined }
  | { readonly outcome: "in_progress" }
  | { readonly outcome: "previous_taken"; readonly byHash: string };

export type Advance =
  /** The intent to broadcast, before `process`: the nine keys of the block as JSON (R9). Renews the lease. */
  | { readonly to: "broadcasting"; readonly block: string; readonly leaseMs: number }
  /** For ever. `result` is given again to the same token only (R9). */
  | { readonly to: "redeemed"; readonly result: string }
  /**
   * The ledger has decided about a journalled block and nobody redeemed it: the hash and `previous` are free. Recovery
   * closes only what no lease holds, because a settle that is at work decides for itself.
   */
  | { readonly to: "closed"; readonly as: "landed" | "void"; readonly by: "holder" | "recovery" };

export type AdvanceResult =
  /** `wasJournalled`: the block was in the journal before, so an earlier call may have broadcast it (R10). */
  | { readonly outcome: "advanced"; readonly wasJournalled: boolean }
  | { readonly outcome: "redeemed"; readonly byThisToken: boolean; readonly result: string | undefined }
  | { readonly outcome: "lost" };

export interface EntryView {
  readonly state: "free" | "reserved" | "broadcasting" | "redeemed";
  /** Whether a lease on the hash is open now; `token` and `paymentId` stay readable after it has lapsed. */
  readonly leaseOpen: boolean;
  readonly token: LeaseToken | undefined;
  readonly paymentId: string | undefined;
  /** Another hash that holds an open lease on `previous`. */
  readonly previousTakenBy: string | undefined;
  /** The stored answer of a redeemed hash. */
  readonly result: string | undefined;
}

export interface OpenEntry extends EntryKey {
  readonly token: LeaseToken;
  readonly block: string;
  readonly leaseOpen: boolean;
  /** How long ago it was journalled, and how long ago its lease ended (0 while it is open), by the store's clock. */
  readonly ageMs: number;
  readonly idleMs: number;
}
