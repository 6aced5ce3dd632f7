import { NanoError } from "../../errors/index.js";
import { REQUEST_FIELDS } from "./questions.js";

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
  refuseWrong(keyHeaders, keys);
  const values = [...partsOf(url), ...Object.values(keyHeaders), ...Object.values(keys)];
  const secrets = [...new Set(values.flatMap(spellingsOf))]
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

/** The connection's own; undici refuses a request that sets them. */
const TRANSPORT_HEADER = /^(?:connection|content-length|expect|keep-alive|transfer-encoding|upgrade)$/;

/** Found here rather than in every call. Names of fields are told, values are keys. */
function refuseWrong(headers: Readonly<Record<string, string>>, keys: Readonly<Record<string, string>>): void {
  if (!Object.entries(headers).every(canBeSent)) {
    throw new NanoError("invalid_configuration", { option: "headers", why: "a header that cannot be sent" });
  }
  const taken = Object.keys(keys).find((name) => REQUEST_FIELDS.has(name));
  if (taken === undefined) return;
  throw new NanoError("invalid_configuration", { option: "rpcUrls", why: `body must not set "${taken}"` });
}

function canBeSent([name, value]: [string, string]): boolean {
  try {
    return new Headers([[name, value]]).has(name) && !TRANSPORT_HEADER.test(name);
  } catch {
    return false;
  }
}

/** The user part goes into a header: fetch refuses URLs that hold one. */
function basicAuthorization(url: URL): string {
  const bytes = new TextEncoder().encode(
    `${recode(url.username, decodeURIComponent)}:${recode(url.password, decodeURIComponent)}`,
  );
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}

function partsOf(url: URL): string[] {
  return [url.username, url.password, ...url.pathname.split("/"), ...url.search.slice(1).split(/[&=]/)];
}

/** A provider quotes a key as it came or as it understood it, all of it or the part of it that matters: `Bearer …`. */
function spellingsOf(value: string): string[] {
  return [value, ...value.split(/[\s,;:=]+/)]
    .flatMap((part) => [part, recode(part, decodeURIComponent)])
    .flatMap((part) => [part, recode(part, encodeURIComponent), JSON.stringify(part).slice(1, -1)]);
}

/** As it is where it is no escape, or half a letter. */
function recode(part: string, code: (text: string) => string): string {
  try {
    return code(part);
  } catch {
    return part;
  }
}

function lowerCaseNames(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
