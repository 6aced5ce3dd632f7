import fc from "fast-check";
import { expect, test } from "vitest";
import { Session } from "../../src/dev-ledger/websocket/session.js";
import { fuzzRuns } from "../support/fuzz-runs.js";

test("random requests never throw and answer in JSON or not at all", () => {
  const values = fc.oneof(fc.jsonValue(), fc.constantFrom("true", "confirmation", "active", "subscribe", ""));
  const request = fc.record(
    {
      action: fc.constantFrom("subscribe", "unsubscribe", "update", "ping", "x"),
      topic: fc.oneof(fc.constantFrom("confirmation", "vote", "work"), values),
      ack: values,
      id: values,
      options: fc.oneof(
        values,
        fc.record(
          { accounts: values, accounts_add: values, accounts_del: values, confirmation_type: values },
          { requiredKeys: [] },
        ),
      ),
    },
    { requiredKeys: ["action"] },
  );
  const sent: string[] = [];
  const session = new Session({ clock: () => 7, send: (text) => sent.push(text) });
  fc.assert(
    fc.property(request, (message) => {
      expect(session.receive(JSON.stringify(message))).toBe(true);
      for (const text of sent.splice(0)) expect(JSON.parse(text)).toMatchObject({ time: "7" });
    }),
    { numRuns: fuzzRuns(10_000) },
  );
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(typeof session.receive(text)).toBe("boolean");
    }),
    { numRuns: fuzzRuns(10_000) },
  );
});
