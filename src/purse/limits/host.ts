/** Longest name in the DNS, with a port. A longer one is nobody's, and would only fill the journal. */
const MAX_HOST_LENGTH = 260;
const HTTP = /^https?:$/;

/**
 * The host of a URL as limits and lists know it: lower case, punycode, with its port unless that is the scheme's own.
 * undefined for what is no http URL: `mcp://tool/…` names no host. `seller.example.` is `seller.example`.
 */
export function hostOf(resource: string | undefined): string | undefined {
  const url = resource === undefined ? undefined : parseUrl(resource);
  if (url === undefined || !HTTP.test(url.protocol) || url.host.length > MAX_HOST_LENGTH) return undefined;
  const name = url.hostname.replace(/\.+$/, "");
  if (name === "") return undefined;
  return url.port === "" ? name : `${name}:${url.port}`;
}

/** An entry of a list: `seller.example`, `seller.example:8443`, or `*.seller.example` for what is below it. */
export interface HostPattern {
  readonly name: string;
  readonly port: string;
  readonly isBelow: boolean;
}

/** What would end the host inside a URL, and what only the front of a pattern may hold. */
const NO_HOST = /[\s/\\?#@*]/u;

/** undefined for what is not a host: a URL with a path, a user, a star elsewhere than in front. */
export function readHost(text: string): string | undefined {
  if (NO_HOST.test(text)) return undefined;
  // Either scheme's own port is the one that a URL does not show.
  return hostOf(`https://${text}`)?.replace(/:80$/, "");
}

export function readHostPattern(text: string): HostPattern | undefined {
  const isBelow = text.startsWith("*.");
  const host = readHost(isBelow ? text.slice(2) : text);
  return host === undefined ? undefined : { ...splitHost(host), isBelow };
}

/** Allowed is what is named: another port of the same machine may be another program. */
export function isNamedBy(pattern: HostPattern, host: string): boolean {
  return isOfName(pattern, host) && splitHost(host).port === pattern.port;
}

/** Denied is more than what is named: an entry without a port means every port. */
export function isCoveredBy(pattern: HostPattern, host: string): boolean {
  return isOfName(pattern, host) && (pattern.port === "" || splitHost(host).port === pattern.port);
}

function isOfName({ name, isBelow }: HostPattern, host: string): boolean {
  const seen = splitHost(host).name;
  return isBelow ? seen.endsWith(`.${name}`) : seen === name;
}

function splitHost(host: string): { readonly name: string; readonly port: string } {
  const { name = host, port = "" } = /^(?<name>.*):(?<port>\d+)$/.exec(host)?.groups ?? {};
  return { name, port };
}

function parseUrl(url: string): URL | undefined {
  try {
    return new URL(url);
  } catch {
    return undefined;
  }
}
