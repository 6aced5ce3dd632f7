import { NanoError } from "../../errors/index.js";

/** One RPC URL, taken apart once. Only `host` may be shown. */
export interface Endpoint {
  readonly host: string;
  readonly origin: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;

  /** Some providers want their key in the body. */
  addKeys(body: string): string;

  /** Providers quote the key they refuse in their error texts. */
  hideSecrets(text: string): string;
}

/** Shorter parts of a URL are words such as `v2` or `rpc`, not keys; hiding them would garble every text. */
const MIN_SECRET_LENGTH = 6;

/** Throws `invalid_configuration`, without the URL: it may hold a key. `keys` go into every body. */
export function parseEndpoint(
  text: string,
  headers: Readonly<Record<string, string>>,
  keys: Readonly<Record<string, string>> = {},
): Endpoint {
  const url = parseHttpUrl(text);
  const credentials = url.username === "" && url.password === "" ? {} : { authorization: basicAuthorization(url) };
  const keyHeaders = { ...credentials, ...lowerCaseNames(headers) };
  const ownValues = [
    ...Object.values(keyHeaders).flatMap((value) => [value, ...value.split(/\s+/)]),
    ...Object.values(keys),
  ];
  const secrets = [...secretsOf(url), ...ownValues]
    .filter((secret) => secret.length >= MIN_SECRET_LENGTH)
    .sort((left, right) => right.length - left.length);
  return {
    host: url.host,
    origin: url.origin,
    path: `${url.pathname}${url.search}`,
    headers: { "content-type": "application/json", ...keyHeaders },
    addKeys: (body) =>
      Object.keys(keys).length === 0 ? body : `${JSON.stringify(keys).slice(0, -1)},${body.slice(1)}`,
    hideSecrets: (given) => secrets.reduce((shown, secret) => shown.replaceAll(secret, "redacted"), given),
  };
}

function parseHttpUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol)) {
    throw new NanoError("invalid_configuration", { option: "rpcUrls", why: "not an http or https URL" });
  }
  return url;
}

/** The user part goes into a header: fetch refuses URLs that hold one. */
function basicAuthorization(url: URL): string {
  const bytes = new TextEncoder().encode(`${decodePart(url.username)}:${decodePart(url.password)}`);
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}

function secretsOf(url: URL): string[] {
  const raw = [url.username, url.password, ...url.pathname.split("/"), ...url.search.slice(1).split(/[&=]/)];
  return [...new Set([...raw, ...raw.map(decodePart)])];
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function lowerCaseNames(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
