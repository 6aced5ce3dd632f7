/**
 * The states of a block's hash and every move between them (SPEC 4, R1–R9), as data: the contract suite makes each move
 * in each state on each store, and ARCHITECTURE.md prints this table.
 */
export const STATES = {
  free: { is: "nobody has it", afterCrash: "nothing to do" },
  reserved: {
    is: "a verify's lease is open: the handler may be running",
    afterCrash: "the lease ends by itself, within a minute; its token still settles",
  },
  settling: {
    is: "a settle's lease is open, nothing was sent",
    afterCrash: "as reserved: the lease ends by itself, the proof can be presented again",
  },
  lapsed: {
    is: "the lease has ended, nobody took the hash since, and its token is known for an hour",
    afterCrash: "the token still settles, anybody else may claim",
  },
  broadcasting: {
    is: "a settle's lease is open and the block is journalled: it may be on its way (Track A)",
    afterCrash: "the lease ends by itself, then it is left; its token resumes the wait",
  },
  left: {
    is: "the block is journalled and no lease is open: it was pending, or its settle died",
    afterCrash: "recovery asks the ledger and closes it; until then its token resumes, anybody else may claim",
  },
  redeemed: { is: "it bought its one response, for ever", afterCrash: "its token gets the stored success again" },
} as const;

export type State = keyof typeof STATES;

/** In the order of a payment's life. */
export const STATE_NAMES: readonly State[] = [
  "free",
  "reserved",
  "settling",
  "lapsed",
  "broadcasting",
  "left",
  "redeemed",
];

/** What a move answers, and the state after it; without the second part the state stays. */
export type Cell = readonly [answer: string, next?: State];

export interface Move {
  readonly name: string;
  readonly step: "verify" | "settle" | "journal" | "redeem" | "close" | "release";
  /** Who makes it. `holder`: with the token of the lease, or of the redemption. `stranger`: with another token. */
  readonly by: "anybody" | "holder" | "stranger" | "same payment" | "another payment" | "recovery";
  readonly cells: Readonly<Record<State, Cell>>;
}

const LOST: Cell = ["lost"];
const REDEEMED: Cell = ["redeemed"];
const BUSY: Cell = ["in_progress"];
const NOTHING: Cell = ["false"];
const claimed = (next: State): Cell => ["claimed", next];
const advanced = (next: State): Cell => ["advanced", next];

const NOBODY: Move["cells"] = {
  free: LOST,
  reserved: LOST,
  settling: LOST,
  lapsed: LOST,
  broadcasting: LOST,
  left: LOST,
  redeemed: REDEEMED,
};
/** A settle that holds no lease of this hash, while nobody else does. */
const FULLY_JUDGED: Move["cells"] = {
  free: claimed("settling"),
  reserved: BUSY,
  settling: BUSY,
  lapsed: claimed("settling"),
  broadcasting: BUSY,
  left: claimed("broadcasting"),
  redeemed: REDEEMED,
};

export const MOVES: readonly Move[] = [
  {
    name: "verify claims",
    step: "verify",
    by: "anybody",
    cells: { ...FULLY_JUDGED, free: claimed("reserved"), lapsed: claimed("reserved") },
  },
  {
    name: "settle claims, with the token",
    step: "settle",
    by: "holder",
    cells: { ...FULLY_JUDGED, reserved: claimed("settling"), settling: ["claimed"], broadcasting: ["claimed"] },
  },
  {
    name: "settle claims, without a token",
    step: "settle",
    by: "same payment",
    cells: { ...FULLY_JUDGED, reserved: claimed("settling") },
  },
  { name: "settle claims, without a token", step: "settle", by: "another payment", cells: FULLY_JUDGED },
  { name: "settle claims, with another token", step: "settle", by: "stranger", cells: FULLY_JUDGED },
  {
    name: "settle journals the block",
    step: "journal",
    by: "holder",
    cells: {
      ...NOBODY,
      reserved: advanced("broadcasting"),
      settling: advanced("broadcasting"),
      lapsed: advanced("broadcasting"),
      broadcasting: ["advanced"],
      left: advanced("broadcasting"),
    },
  },
  { name: "settle journals the block", step: "journal", by: "stranger", cells: NOBODY },
  {
    name: "settle redeems",
    step: "redeem",
    by: "holder",
    cells: {
      ...NOBODY,
      reserved: advanced("redeemed"),
      settling: advanced("redeemed"),
      lapsed: advanced("redeemed"),
      broadcasting: advanced("redeemed"),
      left: advanced("redeemed"),
    },
  },
  { name: "settle redeems", step: "redeem", by: "stranger", cells: NOBODY },
  {
    name: "settle closes, the ledger has decided",
    step: "close",
    by: "holder",
    cells: { ...NOBODY, broadcasting: advanced("free"), left: advanced("free") },
  },
  { name: "settle closes", step: "close", by: "stranger", cells: NOBODY },
  {
    name: "recovery closes, the ledger has decided",
    step: "close",
    by: "recovery",
    cells: { ...NOBODY, left: advanced("free") },
  },
  {
    name: "the response is cancelled, or pending: release",
    step: "release",
    by: "holder",
    cells: {
      free: NOTHING,
      reserved: ["true", "free"],
      settling: ["true", "free"],
      lapsed: ["true", "free"],
      broadcasting: ["true", "left"],
      left: ["true"],
      redeemed: NOTHING,
    },
  },
  {
    name: "release",
    step: "release",
    by: "stranger",
    cells: {
      free: NOTHING,
      reserved: NOTHING,
      settling: NOTHING,
      lapsed: NOTHING,
      broadcasting: NOTHING,
      left: NOTHING,
      redeemed: NOTHING,
    },
  },
];
