import { createPrivateKey, createPublicKey } from "node:crypto";
import * as nanocurrency from "nanocurrency";
import { beforeAll, describe, expect, test } from "vitest";
import {
  addressOf,
  bytesToHex,
  cryptoReady,
  derivePublicKey,
  hashBlock,
  hexToBytes,
  parseBlockHash,
  publicKeyOf,
} from "../../src/nano/index.js";
import { createSigners } from "../../src/purse/accounts/index.js";
import { deriveMnemonicSeed, deriveNanoKey } from "../../src/purse/accounts/mnemonic.js";
import { deriveHardenedPath } from "../../src/purse/accounts/slip10.js";

beforeAll(cryptoReady);

const repeat = (word: string, count: number, last: string): string => `${`${word} `.repeat(count)}${last}`;

/** trezor/python-mnemonic, vectors.json; the passphrase is TREZOR in each. */
test.each([
  [
    repeat("abandon", 11, "about"),
    "c55257c360c07c72029aebc1b53c05ed0362ada38ead3e3e9efa3708e53495531f09a6987599d18264c1e1c92f2cf141630c7a3c4ab7c81b2f001698e7463b04",
  ],
  [
    "legal winner thank year wave sausage worth useful legal winner thank yellow",
    "2e8905819b8723fe2c1d161860e5ee1830318dbf49a83bd451cfb8440c28bd6fa457fe1296106559a3c80937a1c1069be3a3a5bd381ee6260e8d9739fce1f607",
  ],
  [
    "letter advice cage absurd amount doctor acoustic avoid letter advice cage above",
    "d71de856f81a8acc65e6fc851a38d4d7ec216fd0796d0a6827a3ad6ed5511a30fa280f12eb2e47ed2ac03b5c462a0358d18d69fe4f985ec81778c1b370b652a8",
  ],
  [
    repeat("zoo", 11, "wrong"),
    "ac27495480225222079d7be181583751e86f571027b0497b5b5d11218e0a8a13332572917f0f8e5a589620c6f15b11c61dee327651a14c34e18231052e48c069",
  ],
  [
    repeat("abandon", 17, "agent"),
    "035895f2f481b1b0f01fcf8c289c794660b289981a78f8106447707fdd9666ca06da5a9a565181599b79f53b844d8a71dd9f439c52a3d7b3e8a79c906ac845fa",
  ],
  [
    repeat("abandon", 23, "art"),
    "bda85446c68413707090a52022edd26a1c9462295029f2e60cd7c4f2bbd3097170af7a4d73245cafa9c3cca8d561a7c3de6f5d4a10be8ed2a5e608d68f92fcc8",
  ],
  [
    repeat("zoo", 23, "vote"),
    "dd48c104698c30cfe2b6142103248622fb7bb0ff692eebb00089b32d22484e1613912f0a5b694407be899ffd31ed3992c456cdf60f5d4564b8ba3f05a69890ad",
  ],
  [
    "hamster diagram private dutch cause delay private meat slide toddler razor book happy fancy gospel tennis maple dilemma loan word shrug inflict delay length",
    "64c87cde7e12ecf6704ab95bb1408bef047c22db4cc7491c4271d170a1b213d20b385bc1588d9c7b38f1b39d415665b8a9030c9ec653d75e65f847d8fc1fc440",
  ],
  [
    "void come effort suffer camp survey warrior heavy shoot primary clutch crush open amazing screen patrol group space point ten exist slush involve unfold",
    "01f5bced59dec48e362f2c45b5de68b9fd6c92c6634f44d6d40aab69056506f0e35524a518034ddc1192e1dacd32c1ed3eaa3c3b131c88ed8e7e54c49a5d0998",
  ],
])("BIP-39: %s", async (mnemonic, seed) => {
  expect(bytesToHex(await deriveMnemonicSeed(mnemonic, "TREZOR"))).toBe(seed);
});

/** SLIP-0010, "Test vector 1/2 for ed25519". Public keys there are of Ed25519 with SHA-512. */
const SEED_1 = "000102030405060708090a0b0c0d0e0f";
const SEED_2 =
  "fffcf9f6f3f0edeae7e4e1dedbd8d5d2cfccc9c6c3c0bdbab7b4b1aeaba8a5a29f9c999693908d8a8784817e7b7875726f6c696663605d5a5754514e4b484542";

describe("SLIP-0010 for ed25519", () => {
  test.each<{ seed: string; path: number[]; chainCode: string; key: string; publicKey: string }>([
    {
      seed: SEED_1,
      path: [],
      chainCode: "90046a93de5380a72b5e45010748567d5ea02bbf6522f979e05c0d8d8ca9fffb",
      key: "2b4be7f19ee27bbf30c667b642d5f4aa69fd169872f8fc3059c08ebae2eb19e7",
      publicKey: "a4b2856bfec510abab89753fac1ac0e1112364e7d250545963f135f2a33188ed",
    },
    {
      seed: SEED_1,
      path: [0],
      chainCode: "8b59aa11380b624e81507a27fedda59fea6d0b779a778918a2fd3590e16e9c69",
      key: "68e0fe46dfb67e368c75379acec591dad19df3cde26e63b93a8e704f1dade7a3",
      publicKey: "8c8a13df77a28f3445213a0f432fde644acaa215fc72dcdf300d5efaa85d350c",
    },
    {
      seed: SEED_1,
      path: [0, 1],
      chainCode: "a320425f77d1b5c2505a6b1b27382b37368ee640e3557c315416801243552f14",
      key: "b1d0bad404bf35da785a64ca1ac54b2617211d2777696fbffaf208f746ae84f2",
      publicKey: "1932a5270f335bed617d5b935c80aedb1a35bd9fc1e31acafd5372c30f5c1187",
    },
    {
      seed: SEED_1,
      path: [0, 1, 2],
      chainCode: "2e69929e00b5ab250f49c3fb1c12f252de4fed2c1db88387094a0f8c4c9ccd6c",
      key: "92a5b23c0b8a99e37d07df3fb9966917f5d06e02ddbd909c7e184371463e9fc9",
      publicKey: "ae98736566d30ed0e9d2f4486a64bc95740d89c7db33f52121f8ea8f76ff0fc1",
    },
    {
      seed: SEED_1,
      path: [0, 1, 2, 2],
      chainCode: "8f6d87f93d750e0efccda017d662a1b31a266e4a6f5993b15f5c1f07f74dd5cc",
      key: "30d1dc7e5fc04c31219ab25a27ae00b50f6fd66622f6e9c913253d6511d1e662",
      publicKey: "8abae2d66361c879b900d204ad2cc4984fa2aa344dd7ddc46007329ac76c429c",
    },
    {
      seed: SEED_1,
      path: [0, 1, 2, 2, 1_000_000_000],
      chainCode: "68789923a0cac2cd5a29172a475fe9e0fb14cd6adb5ad98a3fa70333e7afa230",
      key: "8f94d394a8e8fd6b1bc2f3f49f5c47e385281d5c17e65324b0f62483e37e8793",
      publicKey: "3c24da049451555d51a7014a37337aa4e12d41e485abccfa46b47dfb2af54b7a",
    },
    {
      seed: SEED_2,
      path: [],
      chainCode: "ef70a74db9c3a5af931b5fe73ed8e1a53464133654fd55e7a66f8570b8e33c3b",
      key: "171cb88b1b3c1db25add599712e36245d75bc65a1a5c9e18d76f9f2b1eab4012",
      publicKey: "8fe9693f8fa62a4305a140b9764c5ee01e455963744fe18204b4fb948249308a",
    },
    {
      seed: SEED_2,
      path: [0],
      chainCode: "0b78a3226f915c082bf118f83618a618ab6dec793752624cbeb622acb562862d",
      key: "1559eb2bbec5790b0c65d8693e4d0875b1747f4970ae8b650486ed7470845635",
      publicKey: "86fab68dcb57aa196c77c5f264f215a112c22a912c10d123b0d03c3c28ef1037",
    },
    {
      seed: SEED_2,
      path: [0, 2_147_483_647],
      chainCode: "138f0b2551bcafeca6ff2aa88ba8ed0ed8de070841f0c4ef0165df8181eaad7f",
      key: "ea4f5bfe8694d8bb74b7b59404632fd5968b774ed545e810de9c32a4fb4192f4",
      publicKey: "5ba3b9ac6e90e83effcd25ac4e58a1365a9e35a3d3ae5eb07b9e4d90bcf7506d",
    },
    {
      seed: SEED_2,
      path: [0, 2_147_483_647, 1],
      chainCode: "73bd9fff1cfbde33a1b846c27085f711c0fe2d66fd32e139d3ebc28e5a4a6b90",
      key: "3757c7577170179c7868353ada796c839135b3d30554bbb74a4b1e4a5a58505c",
      publicKey: "2e66aa57069c86cc18249aecf5cb5a9cebbfd6fadeab056254763874a9352b45",
    },
    {
      seed: SEED_2,
      path: [0, 2_147_483_647, 1, 2_147_483_646],
      chainCode: "0902fe8a29f9140480a00ef244bd183e8a13288e4412d8389d140aac1794825a",
      key: "5837736c89570de861ebc173b1086da4f505d4adb387c6a1b1342d5e4ac9ec72",
      publicKey: "e33c0f7d81d843c572275f287498e8d408654fdf0d1e065b84e2e6f157aab09b",
    },
    {
      seed: SEED_2,
      path: [0, 2_147_483_647, 1, 2_147_483_646, 2],
      chainCode: "5d70af781f3a37b829f0d060924d5e960bdc02e85423494afc0b1a41bbe196d4",
      key: "551d333177df541ad876a60ea71f00447931c0a9da16f227c11ea080d7391b8d",
      publicKey: "47150c75db263559a70d5778bf36abbab30fb061ad69f69ece61a72b0cfa4fc0",
    },
  ])("$seed $path", ({ seed, path, chainCode, key, publicKey }) => {
    const seedBytes = hexToBytes(seed, seed.length / 2);
    const derived = deriveHardenedPath(seedBytes, path);
    expect(bytesToHex(derived.key)).toBe(key);
    expect(bytesToHex(derived.chainCode)).toBe(chainCode);
    expect(publicKeyOfSha512(derived.key)).toBe(publicKey);
    expect(bytesToHex(seedBytes)).toBe(seed);
  });

  test.each([-1, 2 ** 31, 0.5, Number.NaN])("has no hardened step %s", (index) => {
    const derive = () => deriveHardenedPath(hexToBytes(SEED_1, 16), [44, index]);
    expect(derive).toThrow(expect.objectContaining({ code: "invalid_configuration" }));
  });
});

/** As the Nano documentation publishes it for wallets of mnemonics. */
describe("the vector of the Nano documentation", () => {
  const mnemonic =
    "edge defense waste choose enrich upon flee junk siren film clown finish luggage leader kid quick brick print evidence swap drill paddle truly occur";
  const passphrase = "some password";
  const seed =
    "0dc285fde768f7ff29b66ce7252d56ed92fe003b605907f7a4f683c3dc8586d34a914d3c71fc099bb38ee4a59e5b081a3497b7a323e90cc68f67b5837690310c";
  const privateKey = "3be4fc2ef3f3b7374e6fc4fb6e7bb153f8a2998b3b3dab50853eabe128024143";
  const publicKey = "5b65b0e8173ee0802c2c3e6c9080d1a16b06de1176c938a924f58670904e82c4";
  const account = "nano_1pu7p5n3ghq1i1p4rhmek41f5add1uh34xpb94nkbxe8g4a6x1p69emk8y1d";

  test("words → seed → key at m/44'/165'/0' → account", async () => {
    const bytes = await deriveMnemonicSeed(mnemonic, passphrase);
    expect(bytesToHex(bytes)).toBe(seed);
    const key = deriveNanoKey(bytes, 0);
    expect(bytesToHex(key)).toBe(privateKey);
    expect(bytesToHex(derivePublicKey(key))).toBe(publicKey);
    const [signer] = await createSigners({ mnemonic, passphrase });
    expect(addressOf(signer.account)).toBe(account);
  });

  test("nanocurrency agrees on the accounts and signs the same", async () => {
    const bytes = hexToBytes(seed, 64);
    const signers = await createSigners({ mnemonic, passphrase, index: 3 }, 3);
    for (const [offset, signer] of signers.entries()) {
      const secretKey = bytesToHex(deriveNanoKey(bytes, 3 + offset));
      expect(nanocurrency.derivePublicKey(secretKey).toLowerCase()).toBe(signer.account);
      const block = {
        account: signer.account,
        previous: parseBlockHash("ab".repeat(32)),
        representative: publicKeyOf(hexToBytes("cd".repeat(32), 32)),
        balanceRaw: 10n ** 30n + BigInt(offset),
        link: parseBlockHash("ef".repeat(32)),
      };
      const { signature } = await signer.signBlock(block);
      expect(nanocurrency.signBlock({ hash: hashBlock(block), secretKey }).toLowerCase()).toBe(signature);
    }
  });
});

/** Node's own Ed25519: the key as PKCS 8 in, the key as SPKI out. */
function publicKeyOfSha512(key: Uint8Array): string {
  const pkcs8 = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), key]);
  const privateKey = createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" });
  return createPublicKey(privateKey).export({ format: "der", type: "spki" }).subarray(-32).toString("hex");
}
