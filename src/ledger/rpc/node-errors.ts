/**
 * What the ledger itself says, word for word (recordings and the node's own list). Any other `error` is the provider's:
 * "RPC control is disabled", "Unable to parse JSON", rate limits. Only these decide something, so a text that is
 * missing here costs a repetition, and one too many would turn an outage into a refusal.
 */
export const ACCOUNT_NOT_FOUND = "Account not found";
export const BLOCK_NOT_FOUND = "Block not found";

/** `process` refused the block. Not here: "Error processing block" and "Stopped", which judge nothing. */
const BLOCK_REFUSALS = new Map(
  [
    "Bad signature",
    "Balance and amount delta do not match",
    "Block attempts to open the burn account",
    "Block is invalid",
    "Block work is insufficient",
    "Block work is less than threshold",
    "Burning account",
    "Fork",
    "Gap pending for open epoch block",
    "Gap previous block",
    "Gap source block",
    "Invalid block balance for given subtype",
    "Invalid previous block for given subtype",
    "Negative spend",
    "Old block",
    "Representative mismatch",
    "This block cannot follow the previous block",
    "Unreceivable",
  ].map((text) => [normalize(text), text]),
);

export function isSameError(text: string, known: string): boolean {
  return normalize(text) === normalize(known);
}

/** The node's own spelling of a refusal; undefined for any other text. */
export function blockRefusal(text: string): string | undefined {
  return BLOCK_REFUSALS.get(normalize(text));
}

/** The node does not know what the block stands on. Others may: it lags behind them, or the block is ahead of them all. */
export function isGap(refusal: string): boolean {
  return refusal === "Gap previous block" || refusal === "Gap source block";
}

function normalize(text: string): string {
  return text.trim().toLowerCase();
}
