export {
  type NanoExactEntry,
  type NanoExactOptions,
  type NanoPricingOptions,
  nanoExact,
  nanoPricing,
} from "./adapters/faremeter/accepts.js";
export {
  createPaymentHandler,
  type FaremeterClientOptions,
  type NanoPaymentHandler,
} from "./adapters/faremeter/client.js";
export {
  createFacilitatorHandler,
  type FaremeterFacilitatorOptions,
  type NanoFacilitatorHandler,
} from "./adapters/faremeter/facilitator.js";
export { type AnyNanoError, type ErrorCode, hasCode, isNanoError, NanoError } from "./errors/index.js";
export { formatXno, parseAmount, xno } from "./nano/index.js";
export { type ChallengeSecret, REASONS, type Reason } from "./protocol/index.js";
