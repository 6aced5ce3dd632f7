import { expect, test } from "vitest";
import type { BlockInfo, Ledger } from "../../../src/ledger/index.js";
import { type BlockHash, hashBlock, type SignedBlock } from "../../../src/nano/index.js";
import { askFate } from "../../../src/purse/fate.js";
import { createMemoryJournal } from "../../../src/purse/journal.js";
import { aPayer, BALANCE_RAW, signedSend } from "../../support/payments.js";

const own = signedSend({ payer: aPayer(0), balanceRaw: BALANCE_RAW - 1n });
const rival = signedSend({ payer: aPayer(0), balanceRaw: BALANCE_RAW - 2n });
const stranger: SignedBlock = { ...rival, account: aPayer(1).account, previous: hashBlock(own) };

function shown(block: SignedBlock | undefined, successor?: BlockHash): BlockInfo {
  const { account } = aPayer(0);
  const rest = { amountRaw: 1n, balanceRaw: 1n, localTimestampSeconds: 1, subtype: "send" };
  return { account, confirmed: true, successor, block, ...rest };
}

function fateWith(follower: SignedBlock): Promise<string> {
  const blocks = new Map<BlockHash, BlockInfo>([
    [own.previous, shown(undefined, hashBlock(follower))],
    [hashBlock(follower), shown(follower)],
  ]);
  const ledger: Pick<Ledger, "blockInfo"> = { blockInfo: async (hash) => blocks.get(hash) };
  return askFate({ ledger: ledger as Ledger, journal: createMemoryJournal() }, own);
}

test("a confirmed block that follows previous voids ours", async () => {
  expect(await fateWith(rival)).toBe("void");
});

test("a confirmed block of another chain, which the node names as the follower, decides nothing", async () => {
  await expect(fateWith(stranger)).rejects.toMatchObject({ code: "ledger_unavailable" });
});
