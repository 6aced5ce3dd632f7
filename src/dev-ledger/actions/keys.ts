import {
  addressOf,
  bytesToHex,
  derivePublicKey,
  deriveSecretKey,
  hexToBytes,
  keyBytes,
  publicKeyOf,
} from "../../nano/index.js";
import { readAddress, readHash, readHex } from "../ledger-block.js";
import { type RpcAnswer, refuse } from "./answer.js";
import type { RpcRequest } from "./request.js";

export function accountKey(request: RpcRequest): RpcAnswer {
  return { key: request.account().toUpperCase() };
}

export function accountGet(request: RpcRequest): RpcAnswer {
  const key = readHash(request.text("key")) ?? refuse("Bad public key");
  return { account: addressOf(publicKeyOf(keyBytes(key))) };
}

export function validateAccountNumber(request: RpcRequest): RpcAnswer {
  return { valid: readAddress(request.text("account")) === undefined ? "0" : "1" };
}

/** Keys over HTTP, as the node has it: for networks whose money is worth nothing. */
export function keyExpand(request: RpcRequest): RpcAnswer {
  return describeKey(readSecret(request.text("key")) ?? refuse("Bad private key"));
}

export function deterministicKey(request: RpcRequest): RpcAnswer {
  const seed = readSecret(request.text("seed")) ?? refuse("Bad seed");
  return describeKey(deriveSecretKey(seed, request.index()));
}

/** 1 … 64 hexadecimal digits. */
export function readSecret(text: string): Uint8Array | undefined {
  const digits = readHex(text, 64);
  return digits === undefined ? undefined : hexToBytes(digits, 32);
}

function describeKey(secretKey: Uint8Array): RpcAnswer {
  const key = publicKeyOf(derivePublicKey(secretKey));
  return { private: bytesToHex(secretKey).toUpperCase(), public: key.toUpperCase(), account: addressOf(key) };
}
