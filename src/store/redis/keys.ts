import { NanoError } from "../../errors/index.js";
import type { EntryKey } from "../port.js";

export interface Keys {
  /** Its tag is the paying account's key: all keys of a payment lie in one slot of a Cluster. */
  entry(key: EntryKey): string;
  /** The tokens that journalled a block which may still be open. */
  readonly index: string;
  /** When the store was made. Several, so that each master of a Cluster has one. */
  birth(number: number): string;
}

export function createKeys(prefix: string): Keys {
  // Its braces would be taken for the tag, and put the whole store into one slot.
  if (/[{}]/.test(prefix)) throw new NanoError("invalid_configuration", { option: "keyPrefix", why: "braces" });
  return {
    entry: ({ account, hash }) => `${prefix}{${account}}:${hash}`,
    index: `${prefix}journal`,
    birth: (number) => `${prefix}born:{${number}}`,
  };
}
