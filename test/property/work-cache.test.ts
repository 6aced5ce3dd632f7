import { expect, test } from "vitest";
import { hasCode } from "../../src/errors/index.js";
import { cachedWork } from "../../src/ledger/work/index.js";
import { createRandom } from "../support/nano.js";
import { type Asked, createFakeSource, EASY, findWork, outage, rootOf, settle } from "../unit/ledger/work/support.js";

const ROOTS = [rootOf(1), rootOf(2), rootOf(3)];
const THRESHOLDS = [0xf000000000000000n, EASY];
const RUNS = 60;
const STEPS = 40;

interface Caller {
  readonly key: string;
  readonly stop: AbortController;
  isWaiting: boolean;
}

const keyOf = ({ root, threshold }: Pick<Asked, "root" | "threshold">): string => `${root}:${threshold}`;

/** Callers who come and go, wishes, finds and outages in any order; what must hold after every step of it. */
test(`${RUNS} histories of a cache: who waits is served first, nobody is forgotten, and nothing is done for nobody`, async () => {
  const random = createRandom(0xcac4e);
  const pick = <Item>(items: readonly Item[]): Item => items[random.below(items.length)] as Item;

  for (let run = 0; run < RUNS; run += 1) {
    const source = createFakeSource();
    const cache = cachedWork(source, { maxEntries: 2 });
    const callers: Caller[] = [];
    const answered = new Set<Asked>();
    const open = (): Asked[] => source.asked.filter((asked) => !answered.has(asked));
    const running = (): Asked[] => open().filter(({ options }) => options.signal?.aborted === false);

    const call = (): void => {
      const [root, threshold] = [pick(ROOTS), pick(THRESHOLDS)];
      const caller: Caller = { key: keyOf({ root, threshold }), stop: new AbortController(), isWaiting: true };
      callers.push(caller);
      cache
        .generateWork(root, threshold, { signal: caller.stop.signal })
        .catch((error: unknown) => expect(hasCode(error, "work_unavailable")).toBe(true))
        .finally(() => {
          caller.isWaiting = false;
        });
    };
    const answer = async (isFound: boolean): Promise<void> => {
      const asked = pick(open());
      answered.add(asked);
      if (isFound) asked.answer(await findWork(asked.root, asked.threshold));
      else asked.fail(outage);
    };
    const check = (): void => {
      const waiting = callers.filter(({ isWaiting }) => isWaiting).map(({ key }) => key);
      const searches = running().map(keyOf);
      expect(new Set(searches).size).toBe(searches.length);
      if (waiting.length === 0) expect(searches.length).toBeLessThanOrEqual(1);
      else expect(new Set(searches)).toEqual(new Set(waiting));
    };

    for (let step = 0; step < STEPS; step += 1) {
      const dice = random.below(10);
      if (dice < 3) call();
      else if (dice < 5) cache.prepareWork(pick(ROOTS), pick(THRESHOLDS));
      else if (dice < 6 && callers.length > 0) pick(callers).stop.abort();
      else if (open().length > 0) await answer(dice < 9);
      await settle();
      check();
    }
    while (open().length > 0) {
      await answer(true);
      await settle();
      check();
    }
    expect(callers.filter(({ isWaiting }) => isWaiting)).toEqual([]);
    await cache.close();
  }
});
