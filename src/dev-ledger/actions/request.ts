import type { BlockHash, PublicKey } from "../../nano/index.js";
import { isObject, JsonFields, parseJson } from "../json-fields.js";
import { readAddress, readHash, readHex, readRaw } from "../ledger-block.js";
import { refuse } from "./answer.js";

const UNSIGNED = /^[0-9]{1,19}$/;
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

  hash(name = "hash"): BlockHash {
    return readHash(this.text(name)) ?? refuse("Invalid block hash");
  }

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

  thresholdRaw(): bigint {
    const text = this.optionalText("threshold");
    return text === undefined ? 0n : (readRaw(text) ?? refuse("Bad threshold number"));
  }

  /** 16 hexadecimal digits; zero where none are given. */
  work(): string {
    const text = this.optionalText("work");
    return text === undefined ? "0".repeat(16) : (readHex(text, 16) ?? refuse("Bad work"));
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
  return UNSIGNED.test(text) ? Number(text) : undefined;
}
