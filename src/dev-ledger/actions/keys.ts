import { addressOf, keyBytes, publicKeyOf } from "../../nano/index.js";
import { readAddress, readHash } from "../ledger-block.js";
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
