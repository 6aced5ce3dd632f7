import { request as httpRequest } from "node:http";
import { onTestFinished } from "vitest";
import { type DevLedger, type DevLedgerOptions, startDevLedger } from "../../src/dev-ledger/index.js";
import {
  addressOf,
  cryptoReady,
  derivePublicKey,
  encodeBlockJson,
  hexToBytes,
  isWorkValid,
  keyBytes,
  MAX_RAW,
  parseAddress,
  parseBlockHash,
  publicKeyOf,
  signBlock,
  ZERO_HASH,
} from "../../src/nano/index.js";

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

// biome-ignore lint/suspicious/noExplicitAny: answers are compared as they come
export type Json = any;

export interface TestNode extends DevLedger {
  rpc(body: object): Promise<Json>;
}

/** A ledger of its own for one test, closed with it. */
export async function startNode(options: DevLedgerOptions = {}): Promise<TestNode> {
  const dev = await startDevLedger(options);
  onTestFinished(() => dev.close());
  return { ...dev, rpc: async (body) => JSON.parse((await send(dev.rpcUrl, JSON.stringify(body))).text) };
}

export function send(url: string, body: string, method = "POST", headers: object = {}): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      url,
      { method, agent: false, headers: { "Content-Length": Buffer.byteLength(body), ...headers } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
        });
      },
    );
    request.on("error", reject);
    request.end(body);
  });
}

export interface Owner {
  readonly secretKey: string;
  readonly address: string;
}

let owners = 0;

/** Another one at every call, the same ones in every run. */
function nextSecretKey(): string {
  owners += 1;
  return owners.toString(16).padStart(64, "0");
}

export async function createOwner(secretKey = nextSecretKey()): Promise<Owner> {
  await cryptoReady();
  return { secretKey, address: addressOf(publicKeyOf(derivePublicKey(hexToBytes(secretKey, 32)))) };
}

export interface BlockParts {
  readonly previous?: string;
  readonly balanceRaw: bigint;
  /** An address for a send, a hash for a receive. */
  readonly link?: string;
  readonly representative?: string;
}

export const ALL_RAW = MAX_RAW;

/** A signed block with work for the default thresholds, and its hash as the node prints it. */
export function buildBlock(owner: Owner, parts: BlockParts, threshold = 0xfe00000000000000n): Json {
  const account = parseAddress(owner.address);
  const previous = parseBlockHash(parts.previous ?? ZERO_HASH);
  const link = parts.link ?? ZERO_HASH;
  const signed = signBlock(
    {
      account,
      previous,
      representative: parseAddress(parts.representative ?? owner.address),
      balanceRaw: parts.balanceRaw,
      link: link.includes("_") ? parseAddress(link) : parseBlockHash(link),
    },
    hexToBytes(owner.secretKey, 32),
  );
  const work = findWork(keyBytes(previous === ZERO_HASH ? account : previous), threshold);
  return encodeBlockJson({ ...signed, work });
}

function findWork(root: Uint8Array, threshold: bigint): string {
  for (let attempt = 0; ; attempt += 1) {
    const work = attempt.toString(16).padStart(16, "0");
    if (isWorkValid(hexToBytes(work, 8), root, threshold)) return work;
  }
}

export function process(node: TestNode, block: Json, more: object = {}): Promise<Json> {
  return node.rpc({ action: "process", json_block: "true", ...more, block });
}

/** The owner of everything. */
export function genesisOwner(node: DevLedger): Owner {
  return { secretKey: node.genesis.secretKey, address: node.genesis.address };
}
