import { isBytes } from "@noble/hashes/utils.js";
import { NanoError } from "../../errors/index.js";
import { type BlockSubtype, type Sleep, sleep as systemSleep } from "../../ledger/index.js";
import {
  type BlockJson,
  bytesToHex,
  encodeBlockJson,
  hashBlock,
  hashNomsMessage,
  hexToBytes,
  keyBytes,
  parseAddress,
  SIGNATURE_BYTES,
  type UnsignedBlock,
  verifySignature,
} from "../../nano/index.js";
import { createQueue } from "../queue.js";
import { linkedController, waitForEither } from "../waiting.js";
import type { BlockPurpose, Signer } from "./signer.js";

/** A signature over the hash or digest in the context: 128 hexadecimal digits or 64 bytes. */
export type ExternalSignature = string | Uint8Array;

/** The six fields that a block's signature covers, spelled as in RPC calls. */
export type UnsignedBlockJson = Pick<
  BlockJson,
  "type" | "account" | "previous" | "representative" | "balance" | "link"
>;

export interface BlockSigningContext {
  /** 64 hexadecimal digits: the Blake2b-256 hash of the block, which is what is signed. */
  readonly hash: string;
  /** Aborted when the answer is no longer waited for: a prompt can be taken away. */
  readonly signal: AbortSignal;
  /** What the block does, for a display; undefined where the purse does not say. */
  readonly subtype: BlockSubtype | undefined;
  readonly amountRaw: bigint | undefined;
  /** The signed block at `previous`: a Ledger computes the amount that it shows from it. */
  readonly previousBlock: BlockJson | undefined;
}

export interface MessageSigningContext {
  /** 64 hexadecimal digits: the NOMS digest of the message, which is what is signed. */
  readonly digest: string;
  readonly signal: AbortSignal;
}

/**
 * A key that is somewhere else: in hardware, a key service, a browser's wallet. Signatures are Nano's (Ed25519 with
 * Blake2b-512), and each is checked before it is used. It is asked one thing at a time per account, and told nothing
 * when the purse is closed. A throw or rejection means no.
 */
export interface ExternalSigner {
  /** Its `nano_` address. */
  readonly account: string;
  signBlock(block: UnsignedBlockJson, context: BlockSigningContext): ExternalSignature | PromiseLike<ExternalSignature>;
  /** NOMS (ORIS-001): proves to a seller who paid. */
  signMessage(message: string, context: MessageSigningContext): ExternalSignature | PromiseLike<ExternalSignature>;
  /** How long one answer is waited for, default 60: the account's other payments wait as well. */
  readonly timeoutSeconds?: number | undefined;
}

export interface SignerTools {
  readonly sleep?: Sleep | undefined;
  /** Ends what is being waited for; nothing is asked afterwards. */
  readonly closing?: AbortSignal | undefined;
}

const DEFAULT_TIMEOUT_SECONDS = 60;
const SIGNATURE = /^[0-9a-fA-F]{128}$/;

/** Throws `invalid_address`. Needs `cryptoReady()`. */
export function createExternalSigner(device: ExternalSigner, tools: SignerTools = {}): Signer {
  const { sleep = systemSleep, closing = new AbortController().signal } = tools;
  const account = parseAddress(device.account);
  const timeoutMs = (device.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS) * 1000;
  const queue = createQueue();
  let isForgotten = false;
  const assertOpen = (): void => {
    if (isForgotten || closing.aborted) throw new NanoError("purse_closed");
  };

  const ask = async (question: (signal: AbortSignal) => unknown): Promise<unknown> => {
    assertOpen();
    const { controller, unlink } = linkedController(closing);
    try {
      const answer = settle(() => question(controller.signal));
      const silence = waitForEither(answer, timeoutMs, sleep, closing).then(() => undefined);
      const outcome = await Promise.race([answer, silence]);
      if (outcome?.isAnswered === true) return outcome.value;
      if (outcome !== undefined) throw failed("it refused, or could not sign", outcome.cause);
      controller.abort();
      assertOpen();
      throw new NanoError("deadline_exceeded", { why: "the signer gave no answer", seconds: timeoutMs / 1000 });
    } finally {
      unlink();
    }
  };

  /** Nothing is used that is not this account's signature, over just this. */
  const obtain = (hash: Uint8Array, question: (signal: AbortSignal) => unknown): Promise<Uint8Array> =>
    queue.run(async () => {
      const signature = readSignature(await ask(question));
      if (verifySignature(signature, hash, keyBytes(account))) return signature;
      throw failed("its signature is not one of this account over what was to be signed");
    });

  return {
    account,
    async signBlock(block, purpose) {
      const hash = hashBlock(block);
      const json = encodeUnsigned(block);
      const signature = await obtain(keyBytes(hash), (signal) =>
        device.signBlock(json, { hash, signal, ...describe(purpose) }),
      );
      return { ...block, signature: bytesToHex(signature), work: undefined };
    },
    async signNoms(message) {
      const digest = hashNomsMessage(message);
      return obtain(digest, (signal) => device.signMessage(message, { digest: bytesToHex(digest), signal }));
    },
    forget() {
      isForgotten = true;
    },
  };
}

type Answer =
  | { readonly isAnswered: true; readonly value: unknown }
  | { readonly isAnswered: false; readonly cause: unknown };

/** Never rejects: an answer that comes after its time is nobody's unhandled rejection. */
async function settle(question: () => unknown): Promise<Answer> {
  try {
    return { isAnswered: true, value: await question() };
  } catch (cause) {
    return { isAnswered: false, cause };
  }
}

/** A copy: the device may use its memory again. */
function readSignature(answer: unknown): Uint8Array {
  if (typeof answer === "string" && SIGNATURE.test(answer)) return hexToBytes(answer, SIGNATURE_BYTES);
  if (isBytes(answer) && answer.length === SIGNATURE_BYTES) return Uint8Array.from(answer);
  throw failed("it answered with something other than 128 hexadecimal digits or 64 bytes");
}

function encodeUnsigned(block: UnsignedBlock): UnsignedBlockJson {
  const json = encodeBlockJson({ ...block, signature: "", work: undefined });
  const { type, account, previous, representative, balance, link } = json;
  return { type, account, previous, representative, balance, link };
}

function describe(purpose: BlockPurpose | undefined): Omit<BlockSigningContext, "hash" | "signal"> {
  const previous = purpose?.previousBlock;
  return {
    subtype: purpose?.subtype,
    amountRaw: purpose?.amountRaw,
    previousBlock: previous === undefined ? undefined : encodeBlockJson(previous),
  };
}

function failed(why: string, cause?: unknown): NanoError {
  return new NanoError("signer_failed", { why }, cause);
}
