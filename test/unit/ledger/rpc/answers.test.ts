import { describe, expect, test } from "vitest";
import { addressOf, hashBlock, parseAddress, parseBlockHash, ZERO_HASH } from "../../../../src/nano/index.js";
import { readRecording } from "../../../support/nano.js";
import { NINE_KEYS } from "../../../support/payments.js";
import { json } from "../fake-node.js";
import { CONFIRMED_SEND, createStage, errorOf, main, recorded, recordedBlock, SEND, SEND_HASH } from "../support.js";

const stage = createStage();
const GENESIS = parseAddress("nano_3e3j5tkog48pnny9dmfzj1r16pg8t1e76dz5tmac6iq689wyjfpiij4txtdo");
const OPENED = parseAddress("nano_3sezhjxamq4sx1iq9x8bo53t1uu1b8rgighgydd5wu4mecddjmmtpuzw194b");

async function answering(response: unknown) {
  const node = await stage.node(json(response));
  return { node, ledger: stage.ledger(node.url) };
}

describe("account_info", () => {
  test("of an account whose head is confirmed (step 4)", async () => {
    const { node, ledger } = await answering(recorded(4).response);
    const genesisHash = parseBlockHash(recorded(4).response["frontier"] ?? "");
    expect(await ledger.accountInfo(GENESIS)).toEqual({
      frontier: genesisHash,
      confirmedFrontier: genesisHash,
      balanceRaw: 340282366920938463463374607431768211455n,
      confirmedBalanceRaw: 340282366920938463463374607431768211455n,
      representative: GENESIS,
    });
    expect(node.heard[0]?.body).toEqual({
      action: "account_info",
      account: addressOf(GENESIS),
      representative: "true",
      include_confirmed: "true",
    });
  });

  test("of an account that has no confirmed block yet: 64 zeros are none (step 48)", async () => {
    const { ledger } = await answering({ ...recorded(48).response, representative: addressOf(GENESIS) });
    const info = await ledger.accountInfo(OPENED);
    expect(info?.confirmedFrontier).toBeUndefined();
    expect([info?.balanceRaw, info?.confirmedBalanceRaw]).toEqual([10n ** 27n, 0n]);
  });

  test("of an account whose head is not confirmed", async () => {
    const step = readRecording("unconfirmed.jsonl").find(({ step: number }) => number === 3);
    const { ledger } = await answering({ ...step?.response, representative: addressOf(GENESIS) });
    const info = await ledger.accountInfo(GENESIS);
    expect(info?.frontier.slice(0, 8)).toBe("3299862a");
    expect(info?.confirmedFrontier?.slice(0, 8)).toBe("04270d7f");
  });

  test("of an account without a block (step 10)", async () => {
    const { ledger } = await answering(recorded(10).response);
    expect(await ledger.accountInfo(OPENED)).toBeUndefined();
  });

  test("of a node that leaves the confirmed part out decides nothing (step 3)", async () => {
    const { ledger } = await answering({ ...recorded(3).response, representative: addressOf(GENESIS) });
    const error = await errorOf(ledger.accountInfo(GENESIS));
    expect([error.code, error.facts["why"], error.facts["at"]]).toEqual([
      "ledger_unavailable",
      "unexpected answer",
      "confirmed_frontier",
    ]);
  });
});

describe("block_info", () => {
  test("of a confirmed send (step 18)", async () => {
    const { node, ledger } = await answering(CONFIRMED_SEND);
    expect(await ledger.blockInfo(SEND_HASH)).toEqual({
      account: GENESIS,
      amountRaw: 10n ** 27n,
      balanceRaw: 340282366919938463463374607431768211455n,
      confirmed: true,
      localTimestampSeconds: 1795155606,
      successor: undefined,
      subtype: "send",
      block: SEND,
    });
    expect(node.heard[0]?.body).toEqual({ action: "block_info", hash: SEND_HASH, json_block: "true" });
  });

  test("of every block in the recordings that came with json_block", async () => {
    const steps = [...main, ...readRecording("unconfirmed.jsonl")].filter(
      ({ request, response }) => request["action"] === "block_info" && typeof response["contents"] === "object",
    );
    expect(steps.length).toBeGreaterThan(9);
    for (const { request, response } of steps) {
      const { ledger } = await answering(response);
      const hash = parseBlockHash(String(request["hash"]));
      const info = await ledger.blockInfo(hash);
      expect(info?.confirmed).toBe(response["confirmed"] === "true");
      expect(info?.amountRaw.toString()).toBe(response["amount"]);
      if (info?.block !== undefined) expect(hashBlock(info.block)).toBe(hash);
    }
  });

  test("of a legacy open block: facts without a block (step 6)", async () => {
    const { ledger } = await answering(recorded(6).response);
    const info = await ledger.blockInfo(parseBlockHash(String(recorded(6).request["hash"])));
    expect([info?.block, info?.confirmed, info?.subtype]).toEqual([undefined, true, undefined]);
  });

  test("with a successor, and without a time", async () => {
    const { local_timestamp: _time, ...withoutTime } = CONFIRMED_SEND;
    const { ledger } = await answering({ ...withoutTime, successor: "AB".repeat(32) });
    const info = await ledger.blockInfo(SEND_HASH);
    expect([info?.successor, info?.localTimestampSeconds]).toEqual(["ab".repeat(32), 0]);
  });

  test("of an unknown block (step 94)", async () => {
    const { ledger } = await answering(recorded(94).response);
    expect(await ledger.blockInfo(SEND_HASH)).toBeUndefined();
  });

  test("with contents of another block decides nothing", async () => {
    const { ledger } = await answering(CONFIRMED_SEND);
    const error = await errorOf(ledger.blockInfo(ZERO_HASH));
    expect([error.code, error.facts["why"], error.facts["issue"]]).toEqual([
      "ledger_unavailable",
      "unexpected answer",
      "another block",
    ]);
  });
});

describe("receivable", () => {
  test("with source (step 27)", async () => {
    const { node, ledger } = await answering(recorded(27).response);
    expect(await ledger.receivable(OPENED)).toEqual([{ hash: SEND_HASH, amountRaw: 10n ** 27n, source: GENESIS }]);
    expect(node.heard[0]?.body).toEqual({
      action: "receivable",
      account: addressOf(OPENED),
      count: "256",
      source: "true",
      sorting: "true",
      include_only_confirmed: "true",
    });
  });

  test('"" is an empty list (step 13)', async () => {
    const { ledger } = await answering(recorded(13).response);
    expect(await ledger.receivable(OPENED)).toEqual([]);
  });

  test("a list of hashes without amounts decides nothing (step 25)", async () => {
    const { ledger } = await answering(recorded(25).response);
    expect((await errorOf(ledger.receivable(OPENED))).code).toBe("ledger_unavailable");
  });
});

describe("process", () => {
  test("sends subtype, json_block and the nine keys, and is accepted (step 16)", async () => {
    const { node, ledger } = await answering(recorded(16).response);
    expect(await ledger.process(SEND, "send")).toEqual({ outcome: "accepted", hash: SEND_HASH });
    const { block, ...rest } = node.heard[0]?.body ?? {};
    expect(rest).toEqual({ action: "process", json_block: "true", subtype: "send" });
    expect(Object.keys(block ?? {})).toEqual(NINE_KEYS);
    expect(JSON.stringify(block).toLowerCase()).toBe(
      JSON.stringify(inOrder(recorded(16).request["block"])).toLowerCase(),
    );
  });

  test.each(
    main
      .filter(({ request, response }) => request["action"] === "process" && "error" in response)
      .map(({ response }) => response["error"] ?? "")
      .filter((error, index, all) => all.indexOf(error) === index)
      .filter((error) => !["Unable to parse JSON", "Invalid block subtype"].includes(error)),
  )('"%s" is the ledger\'s refusal', async (nodeError) => {
    const { ledger } = await answering({ error: nodeError });
    expect(await ledger.process(SEND, "send")).toEqual({ outcome: "refused", nodeError, at: "0" });
  });

  test.each(["Unable to parse JSON", "Invalid block subtype", "RPC control is disabled", "Error processing block"])(
    '"%s" does not say what became of the block',
    async (nodeError) => {
      const { ledger } = await answering({ error: nodeError });
      const error = await errorOf(ledger.process(SEND, "send"));
      expect([error.code, error.facts["mayHaveLanded"], error.facts["nodeError"]]).toEqual([
        "ledger_unavailable",
        true,
        nodeError,
      ]);
    },
  );

  test("another block's hash, or only that it was started (step 86), is no acceptance", async () => {
    for (const response of [{ hash: "AB".repeat(32) }, recorded(86).response]) {
      const { ledger } = await answering(response);
      const error = await errorOf(ledger.process(SEND, "send"));
      expect([error.code, error.facts["mayHaveLanded"]]).toEqual(["ledger_unavailable", true]);
    }
  });

  test("takes the opening block of an account (step 47)", async () => {
    const { ledger } = await answering(recorded(47).response);
    const block = recordedBlock(47);
    expect(await ledger.process(block, "open")).toEqual({ outcome: "accepted", hash: hashBlock(block) });
  });
});

describe("work_generate", () => {
  const ROOT = SEND.previous;
  const ENTRY_THRESHOLD = 0xffc0000000000000n;

  test("asks with 16 digits and takes work that is worth it (step 15)", async () => {
    const { node, ledger } = await answering(recorded(15).response);
    expect(await ledger.generateWork(ROOT, ENTRY_THRESHOLD)).toBe("06b85cc3fd46ebab");
    expect(node.heard[0]?.body).toEqual({ action: "work_generate", hash: ROOT, difficulty: "ffc0000000000000" });
    await ledger.generateWork(ROOT, 1n);
    expect(node.heard[1]?.body["difficulty"]).toBe("0000000000000001");
  });

  test.each([
    ["below the threshold", { work: "06b85cc3fd46ebab" }, 0xffffffff00000000n],
    ["for another root", { work: "4a8cb73e791dd280" }, ENTRY_THRESHOLD],
    ["of another form", { work: "6b85cc3fd46ebab" }, ENTRY_THRESHOLD],
    ["missing", {}, ENTRY_THRESHOLD],
    ["refused", { error: "Work generation is disabled" }, ENTRY_THRESHOLD],
    ["refused", { error: "RPC control is disabled" }, ENTRY_THRESHOLD],
  ])("work that is %s is not to be had: %j", async (_what, response, threshold) => {
    const { ledger } = await answering(response);
    expect((await errorOf(ledger.generateWork(ROOT, threshold))).code).toBe("work_unavailable");
  });
});

/** In the order in which we write them. */
function inOrder(block: unknown): Record<string, unknown> {
  const { type, account, previous, representative, balance, link, link_as_account, signature, work } = Object(block);
  return { type, account, previous, representative, balance, link, link_as_account, signature, work };
}
