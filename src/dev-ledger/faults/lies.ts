import { isObject } from "../json-fields.js";
import type { RpcFault } from "./rpc-fault.js";

const AMOUNT_NAMES = new Set([
  "amount",
  "balance",
  "confirmed_balance",
  "receivable",
  "confirmed_receivable",
  "pending",
  "confirmed_pending",
]);
const DIGITS = /^(?:0|[1-9][0-9]*)$/;
const HASH = /^[0-9A-Fa-f]{64}$/;
/** What a JSON number may look like; a work of sixteen digits may not, when it starts with a zero. */
const QUOTED_NUMBER = /"(0|[1-9][0-9]*)"(?=\s*[,\]}])/g;

const UNCONFIRMED: Readonly<Record<string, string>> = {
  confirmed: "false",
  confirmation_height: "0",
  confirmation_height_frontier: "0".repeat(64),
  confirmed_height: "0",
  confirmed_frontier: "0".repeat(64),
  confirmed_balance: "0",
};

/**
 * The node lies about amounts: every amount and balance in its answers is off by `differenceRaw`, default 1 raw more.
 * The contents of blocks stay, their hash would give the lie away.
 */
export function wrongAmounts(differenceRaw = 1n): RpcFault {
  const change = (name: string, text: string): string => {
    const isAmount = AMOUNT_NAMES.has(name) || HASH.test(name);
    return isAmount && DIGITS.test(text) ? (BigInt(text) + differenceRaw).toString() : text;
  };
  return { kind: "wrong", answer: (honest) => changeTexts(honest, change) };
}

/** The node is behind with its confirmations: every block it knows of is said to be unconfirmed. */
export function nothingConfirmed(): RpcFault {
  return { kind: "wrong", answer: (honest) => changeTexts(honest, (name, text) => UNCONFIRMED[name] ?? text) };
}

/** Numbers where a node writes strings, digit for digit: beyond 2^53 most parsers change them. */
export function numbersForStrings(): RpcFault {
  return { kind: "rewritten", text: (honest) => honest.replaceAll(QUOTED_NUMBER, "$1") };
}

/** Every text of an answer by its name, at any depth, but for the contents of blocks. */
function changeTexts(value: unknown, change: (name: string, text: string) => string, name = ""): unknown {
  if (typeof value === "string") return change(name, value);
  if (Array.isArray(value)) return value.map((item) => changeTexts(item, change, name));
  if (!isObject(value) || name === "contents") return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, changeTexts(item, change, key)]));
}
