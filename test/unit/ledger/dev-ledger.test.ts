import { afterAll, beforeAll, expect, test } from "vitest";
import { type DevLedger, startDevLedger } from "../../../src/dev-ledger/index.js";
import { createLedger, type Ledger } from "../../../src/ledger/index.js";
import { derivePublicKey, hexToBytes, parseAddress, publicKeyOf, signBlock } from "../../../src/nano/index.js";

const PAYER_SECRET = "01".repeat(32);
let dev: DevLedger;
let ledger: Ledger;

beforeAll(async () => {
  dev = await startDevLedger({ confirm: "never" });
  ledger = createLedger({ rpcUrls: dev.rpcUrl });
});

afterAll(async () => {
  await ledger.close();
  await dev.close();
});

test("a payment goes from the funding to its confirmation through the port alone", async () => {
  const raw = 10n ** 27n;
  await dev.fundAccount({ secretKey: PAYER_SECRET, raw: 10n * raw });
  const payer = publicKeyOf(derivePublicKey(hexToBytes(PAYER_SECRET, 32)));
  const payTo = parseAddress(dev.genesis.address);
  const before = await ledger.accountInfo(payer);
  expect(before).toMatchObject({ balanceRaw: 10n * raw, confirmedBalanceRaw: 10n * raw });
  if (before === undefined) return;
  expect(before.confirmedFrontier).toBe(before.frontier);

  const unsigned = {
    account: payer,
    previous: before.frontier,
    representative: before.representative,
    balanceRaw: before.balanceRaw - raw,
    link: payTo,
  };
  const work = await ledger.generateWork(unsigned.previous, dev.workThresholds.send);
  const block = { ...signBlock(unsigned, hexToBytes(PAYER_SECRET, 32)), work };
  const accepted = await ledger.process(block, "send");
  expect(accepted.outcome).toBe("accepted");
  if (accepted.outcome !== "accepted") return;
  const { hash } = accepted;

  expect(await ledger.waitForConfirmation(hash, { account: payer, timeoutMs: 1 })).toBe(false);
  expect(await ledger.accountInfo(payer)).toMatchObject({ frontier: hash, confirmedFrontier: unsigned.previous });
  expect(await ledger.receivable(payTo)).toEqual([]);
  const confirmation = ledger.waitForConfirmation(hash, { account: payer, timeoutMs: 20_000 });
  dev.confirm(hash);
  expect(await confirmation).toBe(true);

  expect(await ledger.blockInfo(hash)).toMatchObject({ confirmed: true, amountRaw: raw, subtype: "send", block });
  expect(await ledger.receivable(payTo)).toEqual([{ hash, amountRaw: raw, source: payer }]);
  const again = await ledger.process(block, "send");
  expect(again).toMatchObject({ outcome: "refused", nodeError: "Invalid block balance for given subtype" });
});

test("what is not on the ledger is undefined, not an outage", async () => {
  const stranger = publicKeyOf(derivePublicKey(hexToBytes("02".repeat(32), 32)));
  expect(await ledger.accountInfo(stranger)).toBeUndefined();
  expect(await ledger.receivable(stranger)).toEqual([]);
});
