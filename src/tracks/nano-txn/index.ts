export { checkNanoTxn, checkValidBefore, type NanoTxnCheck, type NanoTxnContext, type WorkPolicy } from "./check.js";
export { judgeNanoTxn, type NanoTxnFacts } from "./judge.js";
export { encodeNanoTxnPayload } from "./pay.js";
