import type { LeaseToken, OpenEntry } from "../port.js";
import { readToken } from "../token.js";
import type { Keys } from "./keys.js";
import type { RedisLink, Reply, ScriptCall } from "./link.js";
import { ADD_TO_INDEX, LIST_INDEX, REMOVE_FROM_INDEX, VIEW_JOURNALLED } from "./scripts/index.js";

export interface JournalIndexOptions {
  readonly link: RedisLink;
  readonly keys: Keys;
  /** A look at one payment's entry. */
  readonly look: (
    token: { account: string; hash: string },
    call: Pick<ScriptCall, "script" | "args">,
  ) => Promise<Reply>;
}

interface Found {
  readonly sinceMs: number;
  readonly entry: OpenEntry;
}

/**
 * The tokens that may have journalled a block: what recovery walks, beside millions of redeemed entries. A token is
 * added before the script that journals, so no journalled block is ever without; a crash between the two leaves a name
 * too many. A token holds its hash in one go, and once it does not it never journals again: so it is safe to remove
 * it after its entry was closed, redeemed or taken over, however late that comes.
 */
export class JournalIndex {
  readonly #options: JournalIndexOptions;

  constructor(options: JournalIndexOptions) {
    this.#options = options;
  }

  async add(token: LeaseToken): Promise<void> {
    const { link, keys } = this.#options;
    await link.run({ script: ADD_TO_INDEX, keys: [keys.index], args: [token] });
  }

  /** Nobody waits for it: what stays is taken out by the next listing. */
  remove(tokens: readonly LeaseToken[]): void {
    if (tokens.length === 0) return;
    const { link, keys } = this.#options;
    link.run({ script: REMOVE_FROM_INDEX, keys: [keys.index], args: tokens }).catch(() => undefined);
  }

  /** Oldest first, by the clocks of the masters that journalled. */
  async list(): Promise<OpenEntry[]> {
    const found: Found[] = [];
    const seen = new Set<LeaseToken>();
    let cursor: string | undefined = "0";
    do {
      const [next, ...tokens]: Reply = await this.#readPage(cursor);
      // A scan may name one twice.
      const fresh = [...new Set(tokens)].filter((token) => !seen.has(token));
      for (const token of fresh) seen.add(token);
      const looks = await Promise.all(fresh.map((token) => this.#look(token)));
      found.push(...looks.flatMap((look) => (typeof look === "object" ? [look] : [])));
      this.remove(fresh.filter((_, index) => looks[index] === "gone"));
      cursor = next;
    } while (cursor !== undefined && cursor !== "0");
    return found
      .sort((left, right) => left.sinceMs - right.sinceMs || compare(left.entry.hash, right.entry.hash))
      .map(({ entry }) => entry);
  }

  #readPage(cursor: string): Promise<Reply> {
    const { link, keys } = this.#options;
    return link.run({ script: LIST_INDEX, keys: [keys.index], args: [cursor] });
  }

  async #look(token: LeaseToken): Promise<Found | "gone" | "waiting"> {
    const parts = readToken(token);
    if (parts === undefined) return "gone";
    const { account, hash } = parts;
    const [state, secret = "", previous = "", block = "", open, sinceMs, ageMs, idleMs] = await this.#options.look(
      { account, hash },
      { script: VIEW_JOURNALLED, args: [parts.secret] },
    );
    if (state !== "journalled") return state === "gone" ? "gone" : "waiting";
    return {
      sinceMs: Number(sinceMs),
      entry: {
        account,
        hash,
        previous: previous === "" ? undefined : previous,
        token: `${account}.${hash}.${secret}`,
        block,
        leaseOpen: open === "open",
        ageMs: Number(ageMs),
        idleMs: Number(idleMs),
      },
    };
  }
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
