import { describeClaims } from "./claims.js";
import { describeDurability } from "./durability.js";
import { describeJournal } from "./journal.js";
import { type ContractHarness, type ContractSubject, createBench } from "./kit.js";
import { describeLeases } from "./leases.js";
import { describeRedemption } from "./redemption.js";
import { describeSettles } from "./settles.js";
import { describeStates } from "./states.js";

export type { ContractHarness, ContractSubject } from "./kit.js";

/**
 * What every store must do (SPEC 4, R1–R9), as tests in the runner of whoever calls:
 * `redemptionStoreContract({ describe, test, expect }, { name: "mine", create: () => myStore() })`.
 */
export function redemptionStoreContract(harness: ContractHarness, subject: ContractSubject): void {
  harness.describe(`redemption store: ${subject.name}`, () => {
    const bench = createBench(harness, subject);
    describeClaims(bench);
    describeSettles(bench);
    describeLeases(bench);
    describeJournal(bench);
    describeRedemption(bench);
    describeStates(bench);
    describeDurability(bench);
  });
}
