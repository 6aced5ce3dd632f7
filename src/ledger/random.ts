export const systemRandomBytes = (length: number): Uint8Array => crypto.getRandomValues(new Uint8Array(length));

/** At least 0 and below 1, for jitter. */
export function systemRandom(): number {
  const [high = 0, low = 0] = systemRandomBytes(2);
  return (high * 256 + low) / 65_536;
}
