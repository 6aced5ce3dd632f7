import type { BlockHash, PublicKey } from "../../nano/index.js";
import { isObject, JsonFields, parseJson } from "../json-fields.js";
import { readAddress, readHash, readHex, readRaw } from "../ledger-block.js";
import { refuse } from "./answer.js";

/** As the node's std::stoull reads them: blanks and a sign in front are fine, and what is negative wraps around. */
const UNSIGNED = /^[ \t\n\v\f\r]*(?<sign>[+-]?)(?<digits>[0-9]{1,40})$/;
const TWO_TO_64 = 2n ** 64n;
/** What a request that names no work is read as. */
export const NO_WORK = "0".repeat(16);
const DECIMAL_NUMBER = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;

/** The body of an RPC call. A required field that is missing is answered like malformed JSON. */
export class RpcRequest extends JsonFields {
  static parse(json: string): RpcRequest {
    const value = parseJson(json)?.value;
    return isObject(value) ? new RpcRequest(value) : unparsable();
  }

  text(name: string): string {
    return this.optionalText(name) ?? unparsable();
  }

  texts(name: string): readonly string[] {
    return this.optionalTexts(name) ?? unparsable();
  }

  account(name = "account"): PublicKey {
    return readAddress(this.text(name)) ?? refuse("Bad account number");
  }

  optionalAccount(name: string): PublicKey | undefined {
    return this.optional(name, readAddress, "Bad account number");
  }

  /** undefined where it is not given; what cannot be read is refused with `error`. */
  optional<Value>(name: string, read: (text: string) => Value | undefined, error: string): Value | undefined {
    const text = this.optionalText(name);
    return text === undefined ? undefined : (read(text) ?? refuse(error));
  }

  hash(name = "hash"): BlockHash {
    return readHash(this.text(name)) ?? refuse("Invalid block hash");
  }

  /** Required and not zero; "-1" is how everything is asked for. */
  count(): number {
    const count = readUnsigned(this.text("count"));
    return count === undefined || count === 0 ? refuse("Invalid count") : count;
  }

  optionalCount(): number {
    const text = this.optionalText("count");
    return text === undefined ? Number.MAX_SAFE_INTEGER : (readUnsigned(text) ?? refuse("Invalid count"));
  }

  offset(): number {
    const text = this.optionalText("offset");
    return text === undefined ? 0 : (readUnsigned(text) ?? refuse("Invalid offset"));
  }

  /** Of a key under a seed: what goes beyond 32 bits is cut off. */
  index(): number {
    const value = readUnsigned64(this.text("index")) ?? refuse("Invalid index");
    return Number(BigInt.asUintN(32, value));
  }

  thresholdRaw(): bigint {
    const text = this.optionalText("threshold");
    return text === undefined ? 0n : (readRaw(text) ?? refuse("Bad threshold number"));
  }

  amountRaw(): bigint {
    return readRaw(this.text("amount")) ?? refuse("Invalid amount number");
  }

  /** 16 hexadecimal digits; zero where none are given. */
  work(): string {
    const text = this.optionalText("work");
    return text === undefined ? NO_WORK : (readHex(text, 16) ?? refuse("Bad work"));
  }

  /** There is one. */
  checkWorkVersion(): void {
    if (!["work_1", undefined].includes(this.optionalText("version"))) refuse("Bad work version");
  }

  difficulty(): bigint | undefined {
    const text = this.optionalText("difficulty");
    return text === undefined ? undefined : BigInt(`0x${readHex(text, 16) ?? refuse("Bad difficulty")}`);
  }

  multiplier(): number | undefined {
    const text = this.optionalText("multiplier");
    if (text === undefined) return undefined;
    const multiplier = DECIMAL_NUMBER.test(text) ? Number(text) : 0;
    return multiplier > 0 ? multiplier : refuse("Bad multiplier");
  }

  /** `block`: an object with `json_block`, a text that holds JSON without. */
  blockFields(): (name: string) => string | undefined {
    const text = this.text("block");
    const fields = this.flag("json_block") ? this.child("block") : new JsonFields(parseJson(text)?.value);
    return (name) => fields?.optionalText(name);
  }
}

function unparsable(): never {
  refuse("Unable to parse JSON");
}

function readUnsigned(text: string): number | undefined {
  const value = readUnsigned64(text);
  if (value === undefined) return undefined;
  return value > Number.MAX_SAFE_INTEGER ? Number.MAX_SAFE_INTEGER : Number(value);
}

function readUnsigned64(text: string): bigint | undefined {
  const { sign, digits } = UNSIGNED.exec(text)?.groups ?? {};
  if (digits === undefined || BigInt(digits) >= TWO_TO_64) return undefined;
  return BigInt.asUintN(64, sign === "-" ? -BigInt(digits) : BigInt(digits));
}
