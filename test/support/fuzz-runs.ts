/** How many values a property is tried with: all of them in `npm run test:long`, a fifth of them in `npm test`. */
export function fuzzRuns(long: number): number {
  return process.env["X402_NANO_LONG"] === undefined ? Math.ceil(long / 5) : long;
}
