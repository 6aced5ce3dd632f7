import { describe, expect, test } from "vitest";
import { isSignatureTaken } from "../../src/dev-ledger/signature.js";
import {
  bytesToBigint,
  bytesToHex,
  derivePublicKey,
  hexToBytes,
  publicKeyOf,
  signBlock,
  ZERO_HASH,
} from "../../src/nano/index.js";
import { ALL_RAW, buildBlock, createOwner, genesisOwner, type Json, process, startNode } from "./support.js";

const GROUP_ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

/** The same signature with another S of the same residue. */
function shift(signature: string, times: bigint): string {
  const answer = bytesToBigint(hexToBytes(signature.slice(64), 32).reverse()) + times * GROUP_ORDER;
  const digits = answer.toString(16).padStart(64, "0");
  return signature.slice(0, 64) + bytesToHex(hexToBytes(digits, 32).reverse());
}

async function signedSend(): Promise<{ node: Awaited<ReturnType<typeof startNode>>; block: Json }> {
  const node = await startNode();
  const { address } = await createOwner();
  const parts = { previous: node.genesis.hash, balanceRaw: ALL_RAW - 1n, link: address };
  return { node, block: buildBlock(genesisOwner(node), parts) };
}

describe("signatures as the node takes them", () => {
  test("S + L is taken, and kept as it came", async () => {
    const { node, block } = await signedSend();
    const odd = shift(block.signature, 1n);
    const { hash } = await process(node, { ...block, signature: odd }, { subtype: "send" });
    expect(hash).toMatch(/^[0-9A-F]{64}$/);
    const { contents } = await node.rpc({ action: "block_info", hash, json_block: true });
    expect(contents.signature).toBe(odd.toUpperCase());
    expect(await process(node, block)).toEqual({ error: "Old block" });
  });

  test.each([2n, 3n, 7n])("S + %sL is refused", async (times) => {
    const { node, block } = await signedSend();
    expect(await process(node, { ...block, signature: shift(block.signature, times) })).toEqual({
      error: "Bad signature",
    });
  });

  test.each([
    ["R", 0],
    ["S", 64],
  ])("a flipped bit in %s is refused, with S + L as without", async (_name, at) => {
    const { node, block } = await signedSend();
    for (const signature of [block.signature, shift(block.signature, 1n)]) {
      const digit = (Number.parseInt(signature[at] ?? "", 16) ^ 1).toString(16);
      const flipped = signature.slice(0, at) + digit + signature.slice(at + 1);
      expect(await process(node, { ...block, signature: flipped })).toEqual({ error: "Bad signature" });
    }
  });

  test.each([
    ["zero, the burn account", "0".repeat(64)],
    ["of order 1", `01${"0".repeat(62)}`],
    ["of order 2", `ec${"f".repeat(60)}7f`],
    ["of order 1, in a second encoding", `ee${"f".repeat(60)}7f`],
  ])("stricter than the node: nobody signs for the key %s", async (_name, hex) => {
    await startNode();
    const account = publicKeyOf(hexToBytes(hex, 32));
    // S = 0 and R = 1: what satisfies the equation for the neutral element as key.
    const signature = `01${"0".repeat(126)}`;
    const block = { account, previous: ZERO_HASH, representative: account, balanceRaw: 1n, link: ZERO_HASH };
    expect(isSignatureTaken({ type: "state", ...block, signature, work: "0".repeat(16) })).toBe(false);
  });

  test("of any key: one signature is two, and not three", async () => {
    await createOwner();
    for (let index = 1; index <= 20; index += 1) {
      const secretKey = new Uint8Array(32).fill(index);
      const account = publicKeyOf(derivePublicKey(secretKey));
      const unsigned = { account, previous: ZERO_HASH, representative: account, balanceRaw: 1n, link: ZERO_HASH };
      const { signature } = signBlock(unsigned, secretKey);
      const taken = [0n, 1n, 2n].map((times) =>
        isSignatureTaken({ type: "state", ...unsigned, signature: shift(signature, times), work: "0".repeat(16) }),
      );
      expect(taken).toEqual([true, true, false]);
    }
  });
});
