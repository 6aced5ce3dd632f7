import { NanoError } from "../../errors/index.js";
import { checkKey, checkLease } from "../check-claim.js";
import type { Advance, AdvanceResult, Claim, ClaimResult, EntryKey, EntryView, RedemptionStore } from "../port.js";
import { createToken, type RandomBytes, readToken, type TokenParts } from "../token.js";
import { readAdvance, readClaim, readView } from "./answers.js";
import { Births, lostData } from "./births.js";
import { JournalIndex } from "./journal-index.js";
import type { Keys } from "./keys.js";
import type { RedisLink, Reply, ScriptCall } from "./link.js";
import { Redemptions } from "./redemptions.js";
import { CLAIM, CLOSE, CONFIRM, JOURNAL, REDEEM, RELEASE, type Script, VIEW } from "./scripts/index.js";

export interface RedisStoreSettings {
  readonly link: RedisLink;
  readonly keys: Keys;
  readonly replicas: number | undefined;
  readonly hasReplicas: boolean;
  readonly randomBytes: RandomBytes;
  readonly clock: () => number;
  readonly serverClock: (() => number) | undefined;
}

/** Reads when the data was made, and makes it where there is none. */
export async function createRedisStore(settings: RedisStoreSettings): Promise<RedemptionStore> {
  const store = new RedisStore(settings);
  await store.births.read();
  return store;
}

class RedisStore implements RedemptionStore {
  readonly births: Births;
  readonly #settings: RedisStoreSettings;
  readonly #redemptions: Redemptions;
  readonly #index: JournalIndex;
  readonly #callerId: string;
  #calls = 0;
  #isClosed = false;

  constructor(settings: RedisStoreSettings) {
    const { link, keys, clock, replicas, hasReplicas } = settings;
    this.#settings = settings;
    this.#callerId = Array.from(settings.randomBytes(8), (byte) => byte.toString(36)).join("");
    this.births = new Births({ link, keys, clock, serverTime: () => this.#serverTime() });
    this.#redemptions = new Redemptions({ link, replicas, hasReplicas });
    this.#index = new JournalIndex({ link, keys, look: (key, { script, args }) => this.#run(key, script, args) });
  }

  get bornAtSeconds(): number {
    return this.births.bornAtSeconds;
  }

  async claim(claim: Claim): Promise<ClaimResult> {
    checkKey(claim);
    checkLease(claim.leaseMs);
    // Chosen here, so that a claim which the server hears twice gets the same token twice.
    const fresh = createToken(claim, this.#settings.randomBytes);
    const { purpose, paymentId, leaseMs, previous = "" } = claim;
    const args = [purpose, describeToken(claim), fresh.slice(-64), paymentId, String(Math.ceil(leaseMs)), previous];
    const result = readClaim(claim, await this.#run(claim, CLAIM, args));
    if (result.outcome === "redeemed" && result.byThisToken) await this.#confirm(claim);
    return result;
  }

  async advance(token: string, step: Advance): Promise<AdvanceResult> {
    if (step.to === "broadcasting") checkLease(step.leaseMs);
    this.#checkOpen();
    const parts = readToken(token);
    if (parts === undefined) return { outcome: "lost" };
    const call = [parts.secret, `${this.#callerId}.${this.#calls++}`];
    switch (step.to) {
      case "broadcasting": {
        await this.#index.add(token);
        const args = [...call, step.block, String(Math.ceil(step.leaseMs))];
        const result = readAdvance(await this.#run(parts, JOURNAL, args));
        if (result.outcome === "redeemed" && result.byThisToken) await this.#confirm(parts);
        return result;
      }
      case "redeemed":
        return this.#readLeft(parts, await this.#run(parts, REDEEM, [...call, step.result], "acknowledged"));
      case "closed":
        return this.#readLeft(parts, await this.#run(parts, CLOSE, [...call, step.by]));
    }
  }

  async release(token: string): Promise<boolean> {
    this.#checkOpen();
    const parts = readToken(token);
    if (parts === undefined) return false;
    const [answer] = await this.#run(parts, RELEASE, [parts.secret]);
    return answer === "released";
  }

  async get(key: EntryKey): Promise<EntryView> {
    checkKey(key);
    const view = readView(key, await this.#run(key, VIEW, [key.previous ?? ""]));
    if (view.state === "redeemed") await this.#confirm(key);
    return view;
  }

  async listOpen(): ReturnType<RedemptionStore["listOpen"]> {
    this.#checkOpen();
    return this.#index.list();
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#settings.link.close();
  }

  /** The block may have left the journal, under the name of the token that journalled it or of this one. */
  #readLeft({ account, hash, secret }: TokenParts, reply: Reply): AdvanceResult {
    const result = readAdvance(reply);
    const [, , journalledBy = secret] = reply;
    const names = new Set([journalledBy, secret].map((name) => `${account}.${hash}.${name}`));
    if (result.outcome === "advanced" && result.wasJournalled) this.#index.remove([...names]);
    return result;
  }

  /** A stored result counts no more than the redemption did: only once the replicas have it. */
  async #confirm(key: EntryKey): Promise<void> {
    if (this.#redemptions.needed > 0) await this.#run(key, CONFIRM, [], "acknowledged");
  }

  /** Nothing is awaited before the birth is read that the data must have: facts were judged by that one. */
  async #run(key: EntryKey, script: Script, args: readonly string[], how?: "acknowledged"): Promise<Reply> {
    const { link, keys } = this.#settings;
    this.#checkOpen();
    const { births } = this;
    const { mark } = births;
    if (births.isDue) await births.check();
    const call: ScriptCall = {
      script,
      keys: [keys.entry(key), ...births.scriptKeys],
      args: [this.#serverTime(), mark, ...args],
    };
    const reply = how === undefined ? await link.run(call) : await this.#redemptions.run(key.account, call);
    if (reply[0] !== "unborn") return reply;
    await births.read();
    throw lostData();
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new NanoError("store_unavailable", { why: "closed" });
  }

  #serverTime(): string {
    const { serverClock } = this.#settings;
    return serverClock === undefined ? "" : String(Math.floor(serverClock()));
  }
}

/** To the script a token of another hash is as unknown as one that is none; it need not travel. */
function describeToken(claim: Claim): string {
  if (claim.token === undefined) return "none";
  const parts = readToken(claim.token);
  return parts?.hash === claim.hash && parts.account === claim.account ? parts.secret : "unknown";
}
