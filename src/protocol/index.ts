export { amountFor, isTrackBAmount, trackAAmount, trackBAmount } from "./amounts.js";
export {
  releaseAnswerSchema,
  type SettleAnswer,
  type SettleResponse,
  settleFailure,
  settleResponseSchema,
  settleSuccess,
  storedSuccessSchema,
  transactionOf,
  type VerifyAnswer,
  verifyFailure,
  verifyResponseSchema,
  verifySuccess,
} from "./answers.js";
export {
  type ChallengeAuthority,
  type ChallengeSecret,
  type ChallengeTerms,
  createChallengeAuthority,
  inventChallengeSecret,
  parseChallengeSecret,
  type RandomBytes,
  systemRandomBytes,
} from "./challenge.js";
export * from "./constants.js";
export { decodeHeader, encodeHeader, isJsonObject, MAX_HEADER_LENGTH } from "./headers.js";
export {
  type NanoSignaturePayload,
  type NanoSignaturePayment,
  type NanoTxnPayload,
  type NanoTxnPayment,
  type Payment,
  parsePayment,
  type WorkForm,
} from "./payload.js";
export {
  isReason,
  isStillRunning,
  isUndecided,
  REASONS,
  type Reason,
  type ReasonEntry,
  type Refusal,
  refuse,
  upperCaseReason,
} from "./reasons.js";
export {
  type Accepted,
  acceptedSchema,
  entryKindSchema,
  type Requirements,
  requirementsSchema,
  type SellerEntry,
  sellerEntrySchema,
} from "./requirements.js";
export { challengeMessage, type SpokenChallenge, spokenChallenge } from "./spoken-challenge.js";
export { checkExpiry, checkTerms, trackOfOffer } from "./terms.js";
