export {
  type ChallengeCheck,
  checkChallenge,
  checkNanoSignature,
  type NanoSignatureCheck,
  type NanoSignatureContext,
} from "./check.js";
export { judgeNanoSignature, type NanoSignatureFacts } from "./judge.js";
export { encodeNanoSignaturePayload, type NanoSignaturePayloadJson } from "./pay.js";
