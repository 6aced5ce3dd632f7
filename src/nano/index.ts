export { decodeAddress, decodeCaip10, encodeAddress, encodeCaip10, isAddress } from "./address.js";
export { blake2b } from "./blake2b.js";
export { encodeStateBlock, hashStateBlock, type StateBlock } from "./block.js";
export {
  addressOf,
  type BlockHash,
  blockHashOf,
  isBlockHash,
  isPublicKey,
  keyBytes,
  type PublicKey,
  parseAddress,
  parseBlockHash,
  publicKeyOf,
  ZERO_HASH,
} from "./brands.js";
export { bigintToBytes, bytesToBigint, bytesToHex, concatBytes, equalBytes, hexToBytes } from "./bytes.js";
export { encodeNomsPayload, hashNomsMessage, signNoms, verifyNoms } from "./noms.js";
export { deriveSecretKey, parseSecret } from "./seed.js";
export { derivePublicKey, SECRET_KEY_BYTES, signMessage } from "./sign.js";
export {
  type BlockJson,
  encodeBlockJson,
  hashBlock,
  isBlockSignatureValid,
  isBlockWorkValid,
  type SignedBlock,
  signBlock,
  type UnsignedBlock,
} from "./signed-block.js";
export { cryptoReady } from "./sodium.js";
export { formatXno, MAX_RAW, parseAmount, parseRaw, XNO_DECIMALS, xno } from "./units.js";
export { SIGNATURE_BYTES, verifySignature } from "./verify.js";
export { isWorkValid, MAINNET_WORK_THRESHOLDS, type WorkThresholds, workValue } from "./work.js";
export { compileWorkModule, loadWorkKernel, rootWords, type WorkKernel } from "./work-kernel.js";
