import { describeClaims } from "./contract-claims.js";
import { describeJournal } from "./contract-journal.js";
import { type ContractHarness, type ContractSubject, createBench } from "./contract-kit.js";
import { describeLeases } from "./contract-leases.js";
import { describeRedemption } from "./contract-redemption.js";
import { describeSettles } from "./contract-settles.js";

export type { ContractHarness, ContractSubject } from "./contract-kit.js";

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
  });
}
