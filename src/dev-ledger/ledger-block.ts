import { isNanoError } from "../errors/index.js";
import {
  addressOf,
  type BlockHash,
  blake2b,
  blockHashOf,
  concatBytes,
  encodeBlockJson,
  isBlockHash,
  isPublicKey,
  keyBytes,
  type PublicKey,
  parseAddress,
  parseBlockHash,
  parseRaw,
  publicKeyOf,
  type SignedBlock,
} from "../nano/index.js";

/** A state block as the ledger keeps it: signed, with work. */
export interface StateBlock extends SignedBlock {
  readonly type: "state";
  readonly work: string;
}

/** The kind of block every Nano network starts with; only genesis is one here, `process` takes state blocks. */
export interface LegacyOpenBlock {
  readonly type: "open";
  readonly account: PublicKey;
  readonly source: PublicKey;
  readonly representative: PublicKey;
  readonly signature: string;
  readonly work: string;
}

export type LedgerBlock = StateBlock | LegacyOpenBlock;

/** Legacy blocks have no preamble and no account kind: the three fields, as they stand. */
export function hashLegacyOpen(block: Pick<LegacyOpenBlock, "source" | "representative" | "account">): BlockHash {
  const fields = concatBytes(keyBytes(block.source), keyBytes(block.representative), keyBytes(block.account));
  return blockHashOf(blake2b(fields, 32));
}

/** The block's fields as texts, from JSON; undefined for a field that is missing. */
export type BlockFields = (name: string) => string | undefined;

/**
 * Reads a state block the way the node does: hexadecimal of any case that may lack leading zeros, either address
 * prefix, an address or hexadecimal as `link`, an empty signature as zero; `link_as_account` and unknown keys are not
 * looked at. undefined where the node says "Block is invalid", and for the legacy kinds, which it would still take.
 */
export function parseStateBlock(field: BlockFields): StateBlock | undefined {
  if (field("type") !== "state") return undefined;
  const account = readAddress(field("account"));
  const previous = readHash(field("previous"));
  const representative = readAddress(field("representative"));
  const balanceRaw = readRaw(field("balance"));
  const linkText = field("link");
  const link = readAddress(linkText) ?? readHash(linkText);
  const work = readHex(field("work"), 16);
  const signatureText = field("signature");
  const signature = signatureText === "" ? "0".repeat(128) : readHex(signatureText, 128);
  if (account === undefined || previous === undefined || representative === undefined) return undefined;
  if (balanceRaw === undefined || link === undefined || work === undefined || signature === undefined) return undefined;
  return { type: "state", account, previous, representative, balanceRaw, link, work, signature };
}

/** At most `digits` hexadecimal digits → exactly that many, lower case. */
export function readHex(text: string | undefined, digits: number): string | undefined {
  if (text === undefined || text.length > digits || !/^[0-9a-fA-F]+$/.test(text)) return undefined;
  return text.toLowerCase().padStart(digits, "0");
}

/** 1 … 64 hexadecimal digits → hash; the node reads "ABC" as a number too. */
export function readHash(text: string | undefined): BlockHash | undefined {
  const digits = readHex(text, 64);
  return digits === undefined ? undefined : parseBlockHash(digits);
}

export function readAddress(text: string | undefined): PublicKey | undefined {
  return text === undefined ? undefined : orUndefined(() => parseAddress(text));
}

export function readRaw(text: string | undefined): bigint | undefined {
  return text === undefined ? undefined : orUndefined(() => parseRaw(text));
}

/** `contents` of `block_info`: hashes and signatures in upper case, work in lower. */
export function encodeContents(block: LedgerBlock): Readonly<Record<string, string>> {
  if (block.type === "open") {
    return {
      type: "open",
      source: block.source.toUpperCase(),
      representative: addressOf(block.representative),
      account: addressOf(block.account),
      work: block.work,
      signature: block.signature.toUpperCase(),
    };
  }
  const json = encodeBlockJson(block);
  return {
    ...json,
    previous: json.previous.toUpperCase(),
    link: json.link.toUpperCase(),
    signature: json.signature.toUpperCase(),
  };
}

/** The account a send's `link` names: the same text, so that indexes hold no copies. */
export function destinationOf({ link }: StateBlock): PublicKey {
  return isPublicKey(link) ? link : publicKeyOf(keyBytes(link));
}

/** The send a receive's `link` names. */
export function sourceOf({ link }: StateBlock): BlockHash {
  return isBlockHash(link) ? link : blockHashOf(keyBytes(link));
}

function orUndefined<Value>(parse: () => Value): Value | undefined {
  try {
    return parse();
  } catch (error) {
    if (isNanoError(error)) return undefined;
    throw error;
  }
}
