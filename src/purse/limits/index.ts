export { type Approve, askApproval, type PaymentToApprove } from "./approval.js";
export { hostOf } from "./host.js";
export { amountFacts, createLimits, type Limits, type Spending } from "./limits.js";
export { createRecordSums, type LimitRecord } from "./record.js";
export { type LimitOptions, type LimitSettings, limitFields, limitSettingsOf } from "./settings.js";
export type { SpentAmount, SpentAtHost, SpentOnPayTo, SpentSummary } from "./summary.js";
