/** Longer is a mistake, or somebody who wants us never to come back. */
const LONGEST_MS = 10 * 60_000;

/** Seconds or a date (RFC 9110, 10.2.3) → milliseconds from now; undefined for anything else. */
export function parseRetryAfter(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  const delayMs = /^\d+$/.test(text) ? Number(text) * 1000 : dateMs(text) - nowMs;
  return Number.isNaN(delayMs) ? undefined : Math.min(Math.max(delayMs, 0), LONGEST_MS);
}

/** Only the form that servers send: `Date.parse` alone would take "3" for a month. */
function dateMs(text: string): number {
  return /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} [\d:]{8} GMT$/.test(text) ? Date.parse(text) : Number.NaN;
}
