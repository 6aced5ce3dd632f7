import type { BlockHash, PublicKey } from "../../nano/index.js";
import { readAddress, readHash, readHex, readRaw } from "../ledger-block.js";
import { refuse } from "./answer.js";

const UNSIGNED = /^[0-9]{1,19}$/;
const DECIMAL_NUMBER = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;

/**
 * A request as the node's parser sees it: every leaf is a text, so `true`, `"true"`, `1` and `"1"` are the same, and
 * an object read as a text is empty. A required field that is missing is answered like malformed JSON.
 */
export class RpcRequest {
  readonly #fields: ReadonlyMap<string, unknown>;

  private constructor(fields: ReadonlyMap<string, unknown>) {
    this.#fields = fields;
  }

  static parse(json: string): RpcRequest {
    return new RpcRequest(fieldsOf(parseJson(json)) ?? unparsable());
  }

  has(name: string): boolean {
    return this.#fields.has(name);
  }

  text(name: string): string {
    return this.optionalText(name) ?? unparsable();
  }

  optionalText(name: string): string | undefined {
    return this.has(name) ? textOf(this.#fields.get(name)) : undefined;
  }

  /** Anything but true, false, 1 and 0 counts as not given. */
  flag(name: string, otherwise = false): boolean {
    const text = this.optionalText(name);
    if (text === "true" || text === "1") return true;
    return text === "false" || text === "0" ? false : otherwise;
  }

  texts(name: string): readonly string[] {
    if (!this.has(name)) unparsable();
    const value = this.#fields.get(name);
    return Array.isArray(value) ? value.map(textOf) : [...(fieldsOf(value)?.values() ?? [])].map(textOf);
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
    if (!this.has("block")) unparsable();
    const value = this.#fields.get("block");
    const fields = fieldsOf(this.flag("json_block") ? value : parseBlockText(textOf(value)));
    return (name) => (fields?.has(name) === true ? textOf(fields.get(name)) : undefined);
  }
}

function unparsable(): never {
  refuse("Unable to parse JSON");
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return unparsable();
  }
}

function parseBlockText(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function fieldsOf(value: unknown): ReadonlyMap<string, unknown> | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return new Map(Object.entries(value));
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  return typeof value === "object" && value !== null ? "" : String(value);
}

function readUnsigned(text: string): number | undefined {
  return UNSIGNED.test(text) ? Number(text) : undefined;
}
