import { expect, test } from "vitest";
import type { StateBlock } from "../../src/dev-ledger/ledger-block.js";
import { isVouchedFor, vouchFor } from "../../src/dev-ledger/vouched-blocks.js";
import { parseAddress, signBlock, ZERO_HASH } from "../../src/nano/index.js";
import { createOwner } from "./support.js";

test("it is the object that is vouched for, not what it says", async () => {
  const { secretKey, address } = await createOwner();
  const account = parseAddress(address);
  const unsigned = { account, previous: ZERO_HASH, representative: account, balanceRaw: 1n, link: account };
  const block: StateBlock = { type: "state", ...signBlock(unsigned, Buffer.from(secretKey, "hex")), work: "0" };
  expect(isVouchedFor(block)).toBe(false);
  vouchFor(block);
  expect([isVouchedFor(block), isVouchedFor({ ...block })]).toEqual([true, false]);
});
