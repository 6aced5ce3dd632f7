export { ERROR_SENTENCES, type ErrorCode } from "./codes.js";
export { type AnyNanoError, type ErrorFacts, hasCode, isNanoError, NanoError } from "./nano-error.js";
export { redactText, redactUrl } from "./redact.js";
