/** Deeper than any payment or order; without a bound a header of brackets would overflow the stack. */
const MAX_DEPTH = 64;

/**
 * One text for one value: keys sorted, no spaces, so that neither the order of keys nor the form of the base64 around
 * them makes a payload another one. undefined for what nests too deeply.
 */
export function canonicalJson(value: unknown, depth = MAX_DEPTH): string | undefined {
  if (depth === 0) return undefined;
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value !== "object" || value === null) return "null";
  const parts: string[] = [];
  if (Array.isArray(value)) {
    for (const item of value) {
      const text = canonicalJson(item, depth - 1);
      if (text === undefined) return undefined;
      parts.push(text);
    }
    return `[${parts.join(",")}]`;
  }
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  for (const [key, item] of entries.sort(([left], [right]) => (left < right ? -1 : 1))) {
    const text = canonicalJson(item, depth - 1);
    if (text === undefined) return undefined;
    parts.push(`${JSON.stringify(key)}:${text}`);
  }
  return `{${parts.join(",")}}`;
}
