export { type NanoAcceptsOptions, type NanoPaymentOption, nanoAccepts } from "./adapters/x402/accepts.js";
export {
  createResponseReplay,
  declarePaymentIdentifier,
  type MemoryResponseStoreOptions,
  memoryResponseStore,
  PAYMENT_IDENTIFIER,
  type PaymentIdentifierDeclaration,
  type PaymentIdentifierOptions,
  type PaymentIdentifierProblem,
  type ReplayRequest,
  type ResponseReplay,
  type ResponseReplayOptions,
  type ResponseStore,
} from "./adapters/x402/payment-identifier/index.js";
export { ExactNanoScheme, type ExactNanoServerOptions, registerExactNanoScheme } from "./adapters/x402/server.js";
export { type AnyNanoError, type ErrorCode, hasCode, isNanoError, NanoError } from "./errors/index.js";
export { formatXno, parseAmount, xno } from "./nano/index.js";
export { type ChallengeSecret, REASONS, type Reason } from "./protocol/index.js";
