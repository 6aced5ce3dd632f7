import { type ErrorCode, isNanoError } from "../errors/index.js";
import { type Reason, type Refusal, refuse } from "../protocol/index.js";

const OUTAGES: Partial<Record<ErrorCode, Reason>> = {
  ledger_unavailable: "ledger_unavailable",
  ledger_refused: "ledger_unavailable",
  work_unavailable: "ledger_unavailable",
  store_unavailable: "facilitator_unavailable",
};

/**
 * What an outage is called while nothing was broadcast, so that "not accepted" is true (R7); after a broadcast it is
 * `settlement_pending` and does not come here. Any other error is a bug, and is thrown again.
 */
export function refuseOutage(error: unknown): Refusal {
  const reason = isNanoError(error) ? OUTAGES[error.code] : undefined;
  if (reason === undefined) throw error;
  return refuse(reason);
}
