import { NanoError } from "../../errors/index.js";
import { deriveHardenedPath } from "./slip10.js";

const WORD_COUNTS = [12, 15, 18, 21, 24];
/** SLIP-0044 knows Nano as 165. */
const NANO_PATH = [44, 165] as const;

/**
 * BIP-39: English words and passphrase → the 64 bytes that keys are derived from. Case, spacing and Unicode form of the
 * words do not matter: English words are ASCII, so no two phrases fall together. Of a passphrase only the Unicode form
 * is levelled (NFKD), as BIP-39 says. Errors count the words and quote none; the library's would quote one, so that
 * nothing is left for it to find.
 */
export async function deriveMnemonicSeed(mnemonic: string, passphrase: string): Promise<Uint8Array> {
  const words = mnemonic.normalize("NFKD").toLowerCase().split(/\s+/).filter(isWord);
  if (!WORD_COUNTS.includes(words.length)) {
    throw unusable({ words: words.length, accepted: "12, 15, 18, 21 or 24 words" });
  }
  const { mnemonicToSeed, validateMnemonic, wordlist } = await loadBip39();
  const unknown = words.filter((word) => !wordlist.includes(word)).length;
  if (unknown > 0) throw unusable({ words: words.length, why: `${unknown} not in the English list of BIP-39` });
  const phrase = words.join(" ");
  if (!validateMnemonic(phrase, wordlist)) {
    throw unusable({ words: words.length, why: "the checksum is wrong: a word is another one, or out of order" });
  }
  return mnemonicToSeed(phrase, passphrase);
}

/** The key at `m/44'/165'/index'`, as hardware wallets derive it: it signs as any other Nano key, with Blake2b. */
export function deriveNanoKey(seed: Uint8Array, index: number): Uint8Array {
  const { key, chainCode } = deriveHardenedPath(seed, [...NANO_PATH, index]);
  chainCode.fill(0);
  return key;
}

/** On first use: the list of words alone is 13 kB, and most purses have no mnemonic. */
async function loadBip39() {
  try {
    const [{ mnemonicToSeed, validateMnemonic }, { wordlist }] = await Promise.all([
      import("@scure/bip39"),
      import("@scure/bip39/wordlists/english.js"),
    ]);
    return { mnemonicToSeed, validateMnemonic, wordlist };
  } catch (cause) {
    throw new NanoError("missing_dependency", { package: "@scure/bip39" }, cause);
  }
}

function isWord(text: string): boolean {
  return text !== "";
}

function unusable(facts: { readonly words: number; readonly why?: string; readonly accepted?: string }): NanoError {
  return new NanoError("invalid_configuration", { setting: "mnemonic", ...facts });
}
