/**
 * A JSON object as the node's parser sees it: every leaf is a text, so `true`, `"true"`, `1` and `"1"` are the same,
 * and an object read as a text is empty. Anything but an object has no fields. Two differences are left to JSON.parse:
 * a number of more than 15 digits loses some, and of two fields of one name the last counts, not the first.
 */
export class JsonFields {
  readonly #fields: ReadonlyMap<string, unknown>;

  constructor(value: unknown) {
    this.#fields = new Map(isObject(value) ? Object.entries(value) : []);
  }

  has(name: string): boolean {
    return this.#fields.has(name);
  }

  optionalText(name: string): string | undefined {
    return this.has(name) ? textOf(this.#fields.get(name)) : undefined;
  }

  /** Anything but true, false, 1 and 0 counts as not given. */
  flag(name: string, otherwise = false): boolean {
    const text = this.optionalText(name);
    if (text === "true" || text === "1") return true;
    return text === "false" || text === "0" ? false : otherwise;
  }

  /** The leaves of a list, or the values of an object; a single text holds none. */
  optionalTexts(name: string): readonly string[] | undefined {
    if (!this.has(name)) return undefined;
    const value = this.#fields.get(name);
    if (Array.isArray(value)) return value.map(textOf);
    return isObject(value) ? Object.values(value).map(textOf) : [];
  }

  child(name: string): JsonFields | undefined {
    return this.has(name) ? new JsonFields(this.#fields.get(name)) : undefined;
  }
}

/** Wrapped, because `null` is JSON too; undefined where the text is not. */
export function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  return typeof value === "object" && value !== null ? "" : String(value);
}
