export { ExactNanoScheme } from "./adapters/x402/client.js";
export {
  type ExactNanoClientOptions,
  nanoSpendControl,
  registerExactNanoScheme,
} from "./adapters/x402/client-register.js";
export {
  PAYMENT_IDENTIFIER,
  type PaymentIdentifierClientOptions,
  paymentIdentifierClientExtension,
} from "./adapters/x402/payment-identifier/index.js";
export { type AnyNanoError, type ErrorCode, type ErrorFacts, hasCode, isNanoError, NanoError } from "./errors/index.js";
export { formatXno, parseAmount, xno } from "./nano/index.js";
export type { Track } from "./protocol/index.js";
export { createPurse } from "./purse/index.js";
export type * from "./purse/public-types.js";
