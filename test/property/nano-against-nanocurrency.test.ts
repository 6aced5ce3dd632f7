import * as nanocurrency from "nanocurrency";
import { beforeAll, describe, expect, test } from "vitest";
import {
  addressOf,
  bytesToHex,
  cryptoReady,
  decodeAddress,
  derivePublicKey,
  deriveSecretKey,
  encodeAddress,
  formatXno,
  hashBlock,
  hexToBytes,
  isAddress,
  isWorkValid,
  parseAmount,
  parseBlockHash,
  publicKeyOf,
  signMessage,
  type UnsignedBlock,
  verifySignature,
  workValue,
} from "../../src/nano/index.js";
import { fuzzRuns } from "../support/fuzz-runs.js";
import { createRandom, flipBit } from "../support/nano.js";

/** `nanocurrency` is the field's reference; it is GPL and slow, so it serves here and never at run time (MEASURED). */
const random = createRandom(0xc0ffee);

beforeAll(cryptoReady);

/** Keys at the edges of the encoding, then random ones. */
function sampleKeys(count: number): Uint8Array[] {
  const edges = [0x00, 0x01, 0x7f, 0x80, 0xff].map((byte) => new Uint8Array(32).fill(byte));
  const singleBits = Array.from({ length: 256 }, (_, bit) => flipBit(new Uint8Array(32), bit));
  return [...edges, ...singleBits, ...Array.from({ length: count }, () => random.bytes(32))];
}

function randomBlock(): UnsignedBlock {
  const key = () => publicKeyOf(random.bytes(32));
  return {
    account: key(),
    previous: parseBlockHash(random.hex(32)),
    representative: key(),
    balanceRaw: random.raw(),
    link: key(),
  };
}

describe("addresses", () => {
  test("keys: the same address, and back", () => {
    for (const key of sampleKeys(fuzzRuns(4000))) {
      const address = encodeAddress(key);
      expect(address).toBe(nanocurrency.deriveAddress(bytesToHex(key), { useNanoPrefix: true }));
      expect(bytesToHex(decodeAddress(address))).toBe(nanocurrency.derivePublicKey(address).toLowerCase());
      expect(decodeAddress(nanocurrency.deriveAddress(bytesToHex(key)))).toEqual(key);
    }
  });

  test("addresses with a changed letter: both refuse", () => {
    const letters = "13456789abcdefghijkmnopqrstuwxyz02lv";
    for (const key of sampleKeys(3739)) {
      const address = encodeAddress(key);
      const place = 5 + random.below(60);
      const changed = address.slice(0, place) + letters.charAt(random.below(36)) + address.slice(place + 1);
      expect(isAddress(changed)).toBe(changed === address);
      expect(nanocurrency.checkAddress(changed)).toBe(changed === address);
    }
  });
});

describe("blocks", () => {
  test("random blocks: the same hash", () => {
    for (let count = 0; count < fuzzRuns(4000); count += 1) {
      const block = randomBlock();
      const theirs = nanocurrency.hashBlock({
        account: addressOf(block.account),
        previous: block.previous,
        representative: addressOf(block.representative),
        balance: block.balanceRaw.toString(),
        link: block.link,
      });
      expect(hashBlock(block)).toBe(theirs.toLowerCase());
    }
  });
});

describe("keys and signatures", () => {
  test("seeds and indexes: the same secret key", () => {
    const indexes = [0, 1, 255, 256, 65535, 65536, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];
    for (let count = 0; count < fuzzRuns(3000); count += 1) {
      const seed = random.hex(32);
      const index = indexes[count] ?? random.below(2 ** 32);
      const ours = bytesToHex(deriveSecretKey(hexToBytes(seed, 32), index));
      expect(ours).toBe(nanocurrency.deriveSecretKey(seed, index).toLowerCase());
    }
  });

  test("200 secret keys: the same public key", () => {
    for (let count = 0; count < 200; count += 1) {
      const secretKey = random.bytes(32);
      const theirs = nanocurrency.derivePublicKey(bytesToHex(secretKey)).toLowerCase();
      expect(bytesToHex(derivePublicKey(secretKey))).toBe(theirs);
    }
  });

  test("200 blocks signed by us verify there", () => {
    for (let count = 0; count < 200; count += 1) {
      const secretKey = random.bytes(32);
      const hash = random.hex(32);
      const signature = bytesToHex(signMessage(hexToBytes(hash, 32), secretKey));
      const publicKey = bytesToHex(derivePublicKey(secretKey));
      expect(nanocurrency.verifyBlock({ hash, signature, publicKey })).toBe(true);
    }
  });

  test("200 blocks signed there verify with us, and not with a bit changed", () => {
    for (let count = 0; count < 200; count += 1) {
      const secretKey = random.bytes(32);
      const hash = random.hex(32);
      const signature = hexToBytes(nanocurrency.signBlock({ hash, secretKey: bytesToHex(secretKey) }), 64);
      const publicKey = derivePublicKey(secretKey);
      expect(verifySignature(signature, hexToBytes(hash, 32), publicKey)).toBe(true);
      const changed = flipBit(signature, random.below(512));
      expect(verifySignature(changed, hexToBytes(hash, 32), publicKey)).toBe(false);
    }
  });
});

describe("work", () => {
  test("random pieces of work: worth the same", () => {
    for (let count = 0; count < fuzzRuns(3000); count += 1) {
      const [work, root] = [random.bytes(8), random.bytes(32)];
      const value = workValue(work, root);
      const asked = { blockHash: bytesToHex(root), work: bytesToHex(work) };
      expect(nanocurrency.validateWork({ ...asked, threshold: toHex(value) })).toBe(true);
      expect(nanocurrency.validateWork({ ...asked, threshold: toHex(value + 1n) })).toBe(false);
    }
  });

  test("work computed there is valid here", async () => {
    const threshold = 0xfff0000000000000n;
    for (let count = 0; count < 5; count += 1) {
      const root = random.hex(32);
      const work = await nanocurrency.computeWork(root, { workThreshold: toHex(threshold) });
      expect(isWorkValid(hexToBytes(work ?? "", 8), hexToBytes(root, 32), threshold)).toBe(true);
    }
  });
});

describe("units", () => {
  test("amounts: the same number of XNO, and back", () => {
    for (let count = 0; count < fuzzRuns(4000); count += 1) {
      const raw = random.raw();
      const theirs = nanocurrency.convert(raw.toString(), { from: nanocurrency.Unit.raw, to: nanocurrency.Unit.NANO });
      expect(formatXno(raw)).toBe(`${theirs} XNO`);
      expect(parseAmount(`${theirs} XNO`)).toBe(raw);
    }
  });

  test("decimals: the same raw", () => {
    for (let count = 0; count < fuzzRuns(4000); count += 1) {
      const fraction = Array.from({ length: 1 + random.below(30) }, () => random.below(10)).join("");
      const decimal = `${random.below(300_000_000)}.${fraction}`;
      const theirs = nanocurrency.convert(decimal, { from: nanocurrency.Unit.NANO, to: nanocurrency.Unit.raw });
      expect(parseAmount(`${decimal} XNO`).toString()).toBe(theirs);
    }
  });
});

function toHex(value: bigint): string {
  return value.toString(16).padStart(16, "0");
}
