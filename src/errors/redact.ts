/**
 * Any scheme but `file:` (stack traces). The user part, up to the `@`, may hold quotes. The scheme's length is bounded
 * so that a long hostile text costs linear time.
 */
const URL_IN_TEXT = /\b(?!file:)[a-z][a-z0-9+.-]{0,20}:\/\/(?:[^\s/@]*@)?[^\s"'<>]+/gi;
const PUNCTUATION_AFTER_URL = /[).,;:!?\]}]+$/;
/** Words such as `proxy`, `v2`, `node-1`. API keys in paths are longer, or as long with digits among the letters. */
const HARMLESS_SEGMENT = /^(?:[a-z._~-]{0,19}|[a-z0-9._~-]{0,8})$/i;
const HIDDEN = "redacted";

/**
 * A URL that may be shown: user info, the query, the fragment, and each path segment that could be an API key are
 * replaced. Providers put their keys in each of these places; the name of a query parameter can be the key too.
 * Returned as it came where nothing had to be hidden.
 */
export function redactUrl(url: string): string {
  const parsed = parseUrl(url);
  if (parsed === undefined) return "[unparseable URL]";
  const path = parsed.pathname
    .split("/")
    .map((segment) => (HARMLESS_SEGMENT.test(segment) ? segment : HIDDEN))
    .join("/");
  const user = parsed.username === "" && parsed.password === "" ? "" : `${HIDDEN}@`;
  const query = parsed.search === "" ? "" : `?${HIDDEN}`;
  const isHarmless = user === "" && query === "" && parsed.hash === "" && path === parsed.pathname;
  return isHarmless ? url : `${parsed.protocol}//${user}${parsed.host}${path}${query}`;
}

/** Redacts every URL inside a longer text. */
export function redactText(text: string): string {
  return text.replace(URL_IN_TEXT, (match) => {
    const end = PUNCTUATION_AFTER_URL.exec(match)?.[0] ?? "";
    return redactUrl(match.slice(0, match.length - end.length)) + end;
  });
}

function parseUrl(url: string): URL | undefined {
  try {
    return new URL(url);
  } catch {
    return undefined;
  }
}
