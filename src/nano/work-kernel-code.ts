import { assembleModule, wasm } from "./wasm-assembler.js";

/** BLAKE2b (RFC 7693): the initial vector. */
const IV = [
  0x6a09e667f3bcc908n,
  0xbb67ae8584caa73bn,
  0x3c6ef372fe94f82bn,
  0xa54ff53a5f1d36f1n,
  0x510e527fade682d1n,
  0x9b05688c2b3e6c1fn,
  0x1f83d9abfb41bd6bn,
  0x5be0cd19137e2179n,
] as const;
/** Which message words each of the twelve rounds takes, as hexadecimal digits. */
const SCHEDULE = [
  "0123456789abcdef",
  "ea489fd61c02b753",
  "b8c052fdae367194",
  "7931dcbe265a40f8",
  "905724afe1bc683d",
  "2c6a0b834d75fe19",
  "c51fed4a0763928b",
  "db7ec13950f4862a",
  "6fe9b308c2d714a5",
  "a2847615fb9e3cd0",
  "0123456789abcdef",
  "ea489fd61c02b753",
] as const;
/** The columns of the state, then its diagonals. */
const QUARTERS = [
  [0, 4, 8, 12],
  [1, 5, 9, 13],
  [2, 6, 10, 14],
  [3, 7, 11, 15],
  [0, 5, 10, 15],
  [1, 6, 11, 12],
  [2, 7, 8, 13],
  [3, 4, 9, 14],
] as const;
/** An output of 8 bytes, no key, fan-out and depth 1. */
const PARAMETERS = 0x01010008n;
const MESSAGE_BYTES = 40n;
const FIRST_WORD = IV[0] ^ PARAMETERS;
const START_STATE = [
  FIRST_WORD,
  ...IV.slice(1),
  ...IV.slice(0, 4),
  IV[4] ^ MESSAGE_BYTES,
  IV[5],
  // Inverted: the first block is the last one too.
  ~IV[6],
  IV[7],
] as const;

/** The result is made of words 0 and 8: these two of the last round's diagonals come too late for it. */
const LAST_ROUND = 11;
const UNREAD_QUARTERS: readonly number[] = [5, 7];

/** Parameters first: the nonce to start from, how many to try, the root's four words, the threshold. */
const LOCALS = { nonce: 0, attempts: 1, root: [2, 3, 4, 5], threshold: 6, tried: 7, state: 8 } as const;
/** The words of the message; the other eleven are zero and never added. */
const MESSAGE: readonly number[] = [LOCALS.nonce, ...LOCALS.root];

const { i32, i64 } = wasm;

/**
 * The module behind `work-kernel.ts`: scalar, with 64-bit rotates and every round unrolled. SIMD has no such rotate and
 * is slower (MEASURED). To compute once per root what the first round makes of the root alone was tried: no gain, it
 * does not fit in registers.
 */
export function assembleWorkModule(): Uint8Array<ArrayBuffer> {
  return assembleModule({
    name: "search",
    parameters: ["i64", "i32", "i64", "i64", "i64", "i64", "i64"],
    result: "i32",
    locals: ["i32", ...START_STATE.map(() => "i64" as const)],
    code: [
      ...[...wasm.block, ...wasm.loop],
      ...[...wasm.get(LOCALS.tried), ...wasm.get(LOCALS.attempts), ...i32.isAtLeastUnsigned, ...wasm.branchIf(1)],
      ...[...hashCode(), ...wasm.get(LOCALS.threshold), ...i64.isAtLeastUnsigned, ...wasm.branchIf(1)],
      ...[...wasm.get(LOCALS.nonce), ...i64.constant(1n), ...i64.add, ...wasm.set(LOCALS.nonce)],
      ...[...wasm.get(LOCALS.tried), ...i32.constant(1), ...i32.add, ...wasm.set(LOCALS.tried)],
      ...[...wasm.branch(0), ...wasm.end, ...wasm.end],
      ...wasm.get(LOCALS.tried),
    ],
  });
}

/** Leaves Blake2b-64(nonce ‖ root) on the stack, as the number that thresholds are compared with. */
function hashCode(): number[] {
  const start = START_STATE.flatMap((word, index) => [...i64.constant(word), ...wasm.set(LOCALS.state + index)]);
  const rounds = SCHEDULE.flatMap((words, round) =>
    QUARTERS.flatMap((quarter, index) => {
      if (round === LAST_ROUND && UNREAD_QUARTERS.includes(index)) return [];
      const [x, y] = [words.charAt(2 * index), words.charAt(2 * index + 1)];
      return [...halfMixCode(quarter, x, [32n, 24n]), ...halfMixCode(quarter, y, [16n, 63n])];
    }),
  );
  const result = [0, 8].flatMap((index) => [...wasm.get(LOCALS.state + index), ...i64.xor]);
  return [...start, ...rounds, ...i64.constant(FIRST_WORD), ...result];
}

/** Half of BLAKE2's G: a += b + message; d = (d ^ a) >>> first; c += d; b = (b ^ c) >>> second. */
function halfMixCode(
  quarter: (typeof QUARTERS)[number],
  messageDigit: string,
  [first, second]: readonly [bigint, bigint],
): number[] {
  const [a, b, c, d] = quarter;
  const word = (index: number): number => LOCALS.state + index;
  const message = MESSAGE[Number.parseInt(messageDigit, 16)];
  return [
    ...[...wasm.get(word(a)), ...wasm.get(word(b)), ...i64.add],
    ...(message === undefined ? [] : [...wasm.get(message), ...i64.add]),
    ...wasm.tee(word(a)),
    ...[...wasm.get(word(d)), ...i64.xor, ...i64.constant(first), ...i64.rotateRight, ...wasm.tee(word(d))],
    ...[...wasm.get(word(c)), ...i64.add, ...wasm.tee(word(c))],
    ...[...wasm.get(word(b)), ...i64.xor, ...i64.constant(second), ...i64.rotateRight, ...wasm.set(word(b))],
  ];
}
