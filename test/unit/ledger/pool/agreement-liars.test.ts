import fc from "fast-check";
import { expect, test } from "vitest";
import { askBlockInfo } from "../../../../src/ledger/rpc/questions.js";
import { createManualTime } from "../../../support/manual-time.js";
import { CONFIRMED_SEND, SEND, SEND_HASH } from "../support.js";
import { createStubPool, failed, type Script, type Step, said, status, within } from "./stub.js";

const RAW = 10n ** 27n;
const show = (changes: Readonly<Record<string, unknown>>): Step => said({ ...CONFIRMED_SEND, ...changes });

/** Honest endpoints lag, fail and are silent; none of them says what is not so. */
const honest = (isConfirmed: boolean) =>
  fc.constantFrom<readonly [string, Step]>(
    ["knows", show({ confirmed: String(isConfirmed) })],
    ["knows", show({ confirmed: String(isConfirmed) })],
    ["lags", show({ confirmed: "false" })],
    ["lags", said({ error: "Block not found" })],
    ["fails", failed("unreachable", false)],
    ["fails", failed("connection lost")],
    ["fails", status(503)],
    ["fails", said({ error: "action not allowed" })],
    ["fails", "silence"],
  );

const liar = fc
  .record({
    confirmed: fc.constantFrom("true", "true", "false"),
    amount: fc.constantFrom("1", RAW.toString(), (10n * RAW).toString()),
    subtype: fc.constantFrom("send", "receive", undefined),
    local_timestamp: fc.constantFrom("0", "1", "4000000000"),
    successor: fc.constantFrom("0".repeat(64), "A".repeat(64)),
  })
  .map((lie): readonly [string, Step] => ["lies", show(lie)]);

/** Fewer liars than must agree, in any order, each as slow as a good endpoint may be. */
const world = fc
  .record({ isConfirmed: fc.boolean(), count: fc.integer({ min: 1, max: 3 }) })
  .chain(({ isConfirmed, count }) =>
    fc.record({
      isConfirmed: fc.constant(isConfirmed),
      count: fc.constant(count),
      anywhere: fc.boolean(),
      endpoints: fc
        .tuple(
          fc.array(honest(isConfirmed), { minLength: count, maxLength: 5 }),
          fc.array(liar, { maxLength: count - 1 }),
        )
        .chain(([some, others]) =>
          fc.shuffledSubarray([...some, ...others], { minLength: some.length + others.length }),
        )
        .chain((all) =>
          fc.tuple(fc.constant(all), fc.array(fc.nat(250), { minLength: all.length, maxLength: all.length })),
        ),
    }),
  );

test("with fewer liars than must agree no lie counts, and enough who know it are always heard", async () => {
  const met = { confirmed: 0, heard: 0, fault: 0, there: 0 };
  await fc.assert(
    fc.asyncProperty(world, async ({ isConfirmed, count, anywhere, endpoints: [all, delays] }) => {
      const time = createManualTime();
      const scripts = all.map(
        ([, step], index): Script =>
          async () => {
            await time.sleep(delays[index] ?? 0, new AbortController().signal);
            return step;
          },
      );
      const { pool } = createStubPool(scripts, { time });
      const call = pool.askAgreed(askBlockInfo(SEND_HASH), { count, anywhere, limits: within(8_000) });
      await time.advance(60_000);
      const found = await call;

      const info = found.ok ? found.result : undefined;
      if (info?.confirmed === true) {
        met.confirmed += 1;
        expect(isConfirmed).toBe(true);
        expect([info.amountRaw, info.subtype, info.account]).toEqual([RAW, "send", SEND.account]);
      }
      const knowing = all.filter(([kind]) => kind === "knows").length;
      if (isConfirmed && knowing >= count) {
        met.heard += 1;
        expect(info?.confirmed).toBe(true);
      }
      if (!found.ok) met.fault += 1;
      if (info?.confirmed === false) met.there += 1;
      // What is told of a block before enough agree is never that it counts.
      if (info !== undefined && (info.amountRaw !== RAW || info.subtype !== "send")) expect(info.confirmed).toBe(false);
    }),
    { numRuns: 150 },
  );
  for (const times of Object.values(met)) expect(times).toBeGreaterThan(5);
});
