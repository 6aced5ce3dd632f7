const TWO_TO_64 = 2n ** 64n;

/** How many times the work of `base` a value stands for; the node counts in doubles. */
export function multiplierOf(value: bigint, base: bigint): number {
  return Number(TWO_TO_64 - base) / Number(TWO_TO_64 - value);
}

/** The threshold that takes `multiplier` times the work of `base`; 0 where it would be easier than anything. */
export function difficultyOf(multiplier: number, base: bigint): bigint {
  const attempts = BigInt(Math.trunc(Number(TWO_TO_64 - base) / multiplier));
  if (attempts >= TWO_TO_64) return 0n;
  return attempts === 0n ? TWO_TO_64 - 1n : TWO_TO_64 - attempts;
}

export function formatDifficulty(value: bigint): string {
  return value.toString(16).padStart(16, "0");
}

/** 15 decimals, as the node prints it. */
export function formatMultiplier(multiplier: number): string {
  return multiplier.toFixed(15);
}

export function easierOf(left: bigint, right: bigint): bigint {
  return left < right ? left : right;
}

export function harderOf(left: bigint, right: bigint): bigint {
  return left < right ? right : left;
}
