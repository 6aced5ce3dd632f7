import { expect, test } from "vitest";
import { parseBlockHash } from "../../../src/nano/index.js";
import { readSettlement } from "../../../src/purse/index.js";

const HASH = parseBlockHash("ab".repeat(32));
const OTHER = "CD".repeat(32);
const success = { success: true, transaction: HASH.toUpperCase(), network: "nano:mainnet" };

test("no settlement says nothing", () => {
  expect(readSettlement(HASH, undefined)).toBeUndefined();
});

test.each<[string, unknown]>([
  ["our block", success],
  ["our block in lower case", { ...success, transaction: HASH }],
  ["no hash at all", { success: true }],
  ["an empty hash", { ...success, transaction: "" }],
  ["more than is known here", { ...success, payer: "nano_1", extensions: { a: 1 } }],
])("served: success for %s", (_name, settlement) => {
  expect(readSettlement(HASH, settlement)).toEqual({ isServed: true });
});

test.each<[string, unknown, string]>([
  ["another block", { ...success, transaction: OTHER }, "settlement_of_another_block"],
  ["our hash within a longer one", { ...success, transaction: `${HASH}00` }, "settlement_of_another_block"],
  [
    "a refusal in the seller's words",
    { ...success, success: false, errorReason: "payment_expired" },
    "payment_expired",
  ],
  ["a refusal without a word", { success: false, transaction: "", network: "nano:mainnet" }, "settlement_failed"],
  ["success as text", { ...success, success: "true" }, "unreadable_settlement"],
  ["success as a number", { ...success, success: 1 }, "unreadable_settlement"],
  ["a hash that is no text", { ...success, transaction: 7 }, "unreadable_settlement"],
  ["null", null, "unreadable_settlement"],
  ["text", "settled", "unreadable_settlement"],
  ["a list", [success], "unreadable_settlement"],
  ["nothing in it", {}, "unreadable_settlement"],
])("not served: %s", (_name, settlement, reason) => {
  expect(readSettlement(HASH, settlement)).toEqual({ isServed: false, reason });
});
