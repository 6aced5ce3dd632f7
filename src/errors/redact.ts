const URL_IN_TEXT = /\b(?:https?|wss?|redis|rediss):\/\/[^\s"'<>]+/gi;
const LONG_SECRET = /(?<![0-9a-z])[0-9a-z_-]{20,}(?![0-9a-z])/gi;

/**
 * A URL that may be shown: user info, query values and any path segment that could be an API key are replaced.
 * Providers put their keys in each of these places.
 */
export function redactUrl(url: string): string {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    return "[unparseable URL]";
  }
  if (parsed.username !== "") parsed.username = "redacted";
  if (parsed.password !== "") parsed.password = "redacted";
  for (const name of new Set(parsed.searchParams.keys())) parsed.searchParams.set(name, "redacted");
  parsed.pathname = parsed.pathname
    .split("/")
    .map((segment) => (segment.replace(LONG_SECRET, "").length < segment.length ? "redacted" : segment))
    .join("/");
  parsed.hash = "";
  return parsed.toString();
}

/** Redacts every URL inside a longer text. */
export function redactText(text: string): string {
  return text.replace(URL_IN_TEXT, (url) => redactUrl(url));
}
