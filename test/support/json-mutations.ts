import fc from "fast-check";

/** What strangers put in place of a value: other types, near misses of numbers, hex and addresses, keys of JavaScript. */
const HOSTILE_VALUES: readonly unknown[] = [
  ...[null, true, false, 0, -1, 1, 1.5, -0, 2 ** 53, 1e308, Number.NaN, "", " ", "0", "1", "-5", "01", "1.5", "1e3"],
  ...["340282366920938463463374607431768211456", "９", "null", "__proto__", "constructor", "nano_", "\ud800", "🥦"],
  ...["a".repeat(64), "A".repeat(64), "a".repeat(128), "0".repeat(16), "f".repeat(63), `0x${"0".repeat(62)}`],
  ...[[], {}, [[]], [null], { toString: null }, { length: 64 }, JSON.parse('{"__proto__":{"block":1}}')],
];

const SURPLUS_KEYS = [
  ...["block", "blockHash", "nonce", "validBefore", "lease", "x402Version", "accepted", "payload", "extra", "amount"],
  ...["work", "subtype", "hash", "link_as_account", "__proto__", "constructor", "toString", "assetTransferMethod", ""],
];

export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...HOSTILE_VALUES) },
  { weight: 1, arbitrary: fc.jsonValue({ stringUnit: "binary", maxDepth: 2 }) },
  { weight: 1, arbitrary: fc.anything({ maxDepth: 1, maxKeys: 3 }) },
);

interface Mutation {
  readonly at: number;
  readonly kind: "replace" | "remove" | "add" | "edit" | "retype" | "copy";
  readonly key: string;
  readonly value: unknown;
  readonly seed: number;
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
  at: fc.nat(),
  kind: fc.constantFrom("replace", "remove", "add", "edit", "edit", "retype", "copy"),
  key: fc.oneof(fc.constantFrom(...SURPLUS_KEYS), fc.string()),
  value: hostileValue,
  seed: fc.nat(),
});

/** `value` with one leaf, object or key of it changed at random; over JSON, so that nothing is shared with it. */
export function mutationsOf<Value>(value: Value): fc.Arbitrary<Value> {
  return mutation.map((change) => mutate(value, change));
}

function mutate<Value>(value: Value, { at, kind, key, value: other, seed }: Mutation): Value {
  const copy: Value = JSON.parse(JSON.stringify(value));
  const places = placesIn(copy);
  if (places.length === 0) return copy;
  const { parent, name } = pick(places, at);
  const seen = parent[name];
  if (kind === "remove") delete parent[name];
  else if (kind === "add") define(typeof seen === "object" && seen !== null ? Object(seen) : parent, key, other);
  else if (kind === "replace") parent[name] = other;
  else if (kind === "retype") parent[name] = retyped(seen, seed);
  else if (kind === "edit") parent[name] = edited(seen, seed);
  else {
    const source = pick(places, seed);
    parent[name] = structuredClone(source.parent[source.name]);
  }
  return copy;
}

/** An own key, `__proto__` too, as `JSON.parse` makes it. */
function define(target: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}

interface Place {
  readonly parent: Record<string, unknown>;
  readonly name: string;
}

function placesIn(value: unknown): Place[] {
  if (typeof value !== "object" || value === null) return [];
  const parent: Record<string, unknown> = Object(value);
  return Object.keys(parent).flatMap((name) => [{ parent, name }, ...placesIn(parent[name])]);
}

function pick<Item>(items: readonly Item[], index: number): Item {
  const item = items[index % items.length];
  if (item === undefined) throw new Error("nothing to mutate");
  return item;
}

/** The same thing said in another type: "5" and 5, x and [x]. */
function retyped(value: unknown, seed: number): unknown {
  if (seed % 3 === 0) return [value];
  if (seed % 3 === 1) return { value };
  return typeof value === "number" ? String(value) : Number(value);
}

/** One character changed, inserted or taken out, or the case turned; numbers move a little. */
function edited(value: unknown, seed: number): unknown {
  if (typeof value === "number") return value + pick([1, -1, 0.5, 1000, -1000], seed);
  if (typeof value !== "string") return value;
  const at = seed % (value.length + 1);
  const rest = seed >> 8;
  const letter = pick([..."0123456789abcdefABCDEFxyz_ -.\n"], rest);
  return pick(
    [
      value.slice(0, at) + letter + value.slice(at + 1),
      value.slice(0, at) + letter + value.slice(at),
      value.slice(0, at) + value.slice(at + 1),
      value.toUpperCase(),
      value.toLowerCase(),
      value.replace("nano_", "xrb_"),
    ],
    rest >> 5,
  );
}
