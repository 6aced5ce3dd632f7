import { off } from "./edits.js";
import type { Edit, Guard } from "./guard.js";

/** What stops the attacks of the second half: forged terms, moving ledgers, wrong clocks, odd spellings, lost data. */

const SERVER_JUDGE = "src/adapters/x402/server-judge.ts";
const SERVER_HOOKS = "src/adapters/x402/server-hooks.ts";
const FACILITATOR_LINK = "src/adapters/x402/facilitator-link.ts";
const CHALLENGE = "src/protocol/challenge.ts";
const TERMS = "src/protocol/terms.ts";
const PAYLOAD = "src/protocol/payload.ts";
const FIELDS = "src/protocol/fields.ts";
const SPOKEN = "src/protocol/spoken-challenge.ts";
const CHECK_B = "src/tracks/nano-signature/check.ts";
const JUDGE_A = "src/tracks/nano-txn/judge.ts";
const JUDGE_B = "src/tracks/nano-signature/judge.ts";
const BROADCAST = "src/facilitator/broadcast.ts";
const FOLLOWER = "src/facilitator/follower.ts";
const REDEMPTION = "src/facilitator/redemption.ts";
const FACTS = "src/facilitator/facts.ts";
const SETTLE = "src/facilitator/settle.ts";
const LEASES = "src/store/leases.ts";
const AGREEMENT = "src/ledger/pool/agreement.ts";

const guardsOf = (attack: string, guards: Readonly<Record<string, readonly Edit[]>>): Guard[] =>
  Object.entries(guards).map(([name, edits]) => ({ name, attack: `test/attacks/${attack}.test.ts`, edits }));

export const secondHalf: readonly Guard[] = [
  ...guardsOf("challenge-nobody-issued", {
    "the server asks whether it issued the challenge": [
      off(SERVER_JUDGE, "return challenge.ok ? undefined : challenge;", "return undefined;"),
    ],
    "a facilitator with the secret recognises its own nonces only": [
      off(CHECK_B, "const isOurs = authority === undefined ||", "const isOurs = validBefore > 0 ||"),
    ],
    "a nonce is bound to the amount": [off(CHALLENGE, "bigintToBytes(terms.amountRaw, 16),")],
    "a nonce is bound to the receiver": [off(CHALLENGE, "keyBytes(terms.payTo),")],
    "a nonce is bound to its time": [off(CHALLENGE, "bigintToBytes(BigInt(terms.validBefore), 8),")],
    "a nonce is bound to the random half of it": [off(CHALLENGE, "8),\n    random,", "8),")],
    "a Track B payment names a nonce": [
      off(CHECK_B, "if (nonce === undefined || validBefore === undefined)", "if (validBefore === undefined)"),
    ],
    "one function says which challenge a payment speaks of: the payload's": [
      off(SPOKEN, "nonce: payload.nonce ?? accepted.extra.nonce", "nonce: accepted.extra.nonce ?? payload.nonce"),
    ],
    "what nobody authenticates does not expire later than anybody would issue": [
      off(TERMS, "!when.authenticated && validBefore > latest", "validBefore < 0 && latest > 0"),
    ],
  }),
  ...guardsOf("accepted-that-disagrees", {
    "accepted agrees with the requirements in scheme, network, asset and payTo": [
      off(TERMS, "if (accepted[field] !== requirements[field])", "if (field.length === 0)"),
    ],
    "accepted agrees in payTo": [
      off(TERMS, '["scheme", "network", "asset", "payTo"]', '["scheme", "network", "asset"]'),
    ],
    "accepted agrees in the amount of its track": [
      off(TERMS, "if (accepted.amount !== amountRaw && !isHostsOwnEntry(payment))", "if (accepted.amount === 0n)"),
    ],
    "a payload of one track is not judged by the other's entry": [
      off(SERVER_JUDGE, "extra.assetTransferMethod !== payment.track", "payment.track.length === 0"),
      off(TERMS, "if (accepted.amount !== amountRaw && !isHostsOwnEntry(payment))", "if (accepted.amount === 0n)"),
    ],
    "only version 2 is read, core compares no other": [off(PAYLOAD, "if (x402Version !== X402_VERSION || ", "if (")],
    "exactly one proof in a payload": [
      off(
        PAYLOAD,
        'if (Object.hasOwn(rawPayload, "block") === Object.hasOwn(rawPayload, "blockHash"))',
        'if (!Object.hasOwn(rawPayload, "block") && !Object.hasOwn(rawPayload, "blockHash"))',
      ),
    ],
    "no other network, whoever agrees on it": [
      off(TERMS, "if (requirements.network !== NETWORK)", "if (requirements.network === NETWORK[0])"),
    ],
  }),
  ...guardsOf("one-raw-more-or-less", {
    "Track A pays no less than asked": [off(JUDGE_A, "if (sentRaw === amountRaw)", "if (sentRaw <= amountRaw)")],
    "Track A pays no more than asked": [off(JUDGE_A, "if (sentRaw === amountRaw)", "if (sentRaw >= amountRaw)")],
    "Track B pays no less than asked": [
      off(JUDGE_B, "if (info.amountRaw < amountRaw)", "if (info.amountRaw + 1n < amountRaw)"),
    ],
  }),
  ...guardsOf("frontier-that-moves", {
    "what process refuses is looked up": [
      off(
        BROADCAST,
        'answer.outcome === "accepted" ? undefined : await explainRefusal(job, answer, settings)',
        "undefined",
      ),
    ],
    "a block counts when it is confirmed": [
      off(
        BROADCAST,
        "return (await confirmation) ? undefined : await pending(job, settings);",
        "await confirmation;\n    return undefined;",
      ),
      off(
        BROADCAST,
        'answer.outcome === "accepted" ? undefined : await explainRefusal(job, answer, settings)',
        "undefined",
      ),
    ],
    "an unconfirmed rival voids nothing": [
      off(FOLLOWER, 'if (!successor.info.confirmed) return "unconfirmed";'),
      off(FOLLOWER, 'rival?.confirmed === true ? "confirmed" : "unconfirmed"', '"confirmed"'),
    ],
    "a settle without a lease looks at the frontier again": [
      off(
        JUDGE_A,
        "if (previous.successor !== undefined) return judgeSuccessor",
        "if (previous.successor === block.previous) return judgeSuccessor",
      ),
    ],
  }),
  ...guardsOf("block-handed-in-by-a-stranger", {
    "a block that has landed proves nothing about who presents it": [
      off(
        JUDGE_A,
        "if (previous.successor !== undefined) return judgeSuccessor",
        "if (previous.successor === block.previous) return judgeSuccessor",
      ),
    ],
    "what landed without this settlement's journal is not its own": [
      off(BROADCAST, "if (job.hasJournal || mayHaveLanded) return undefined;", "return undefined;"),
    ],
    "what landed is free for its payer at once": [off(BROADCAST, 'await close(job, "landed", settings);')],
  }),
  ...guardsOf("reply-lost-after-process", {
    "an outage after process is pending": [
      off(
        BROADCAST,
        'hasCode(error, "ledger_unavailable") && error.facts["mayHaveLanded"] === false',
        'hasCode(error, "ledger_unavailable")',
      ),
    ],
    "the intent is journalled before process": [
      off(
        BROADCAST,
        'await store.advance(lease, { to: "broadcasting", block: intent, leaseMs })',
        '({ outcome: "advanced", wasJournalled: intent === "" && leaseMs < 0 })',
      ),
    ],
    "pending ends the lease": [off(BROADCAST, "await store.release(lease).catch(() => false);", "void lease, store;")],
    "only the token that holds the entry resumes it": [
      off(REDEMPTION, "token !== undefined && view.token === token && ", "token !== undefined && "),
      off(
        "src/facilitator/lease.ts",
        "taken.token === claim.token) return taken;",
        "taken.token.length > 0) return taken;",
      ),
      off(
        "src/facilitator/claim-and-settle.ts",
        "if (isOwner && !isContinued) return await giveBack(lease, settings);",
      ),
    ],
    "a redeemed hash is redeemed for everybody but its token": [
      off(REDEMPTION, "const answer = ownsEntry ? ", "const answer = view.result ? "),
    ],
  }),
  ...guardsOf("node-that-forgets", {
    "what woke the wait is no confirmation": [
      off(
        FACTS,
        'info = await ledger.blockInfo(hash, { anywhere: "confirmed" });',
        "info = { ...info, confirmed: true };",
      ),
    ],
    "as many nodes as were asked for must call it confirmed": [
      off(AGREEMENT, "group.filter(isConfirmed).length >= count", "group.some(isConfirmed)"),
    ],
    "Track B pays with confirmed blocks only": [off(JUDGE_B, "if (!info.confirmed)", "if (info.account.length === 0)")],
    "Track A is served when its block is confirmed": [
      off(
        BROADCAST,
        "return (await confirmation) ? undefined : await pending(job, settings);",
        "await confirmation;\n    return undefined;",
      ),
    ],
    "a settle that saw nothing itself looks itself": [
      off(
        JUDGE_B,
        'if (info === undefined) return refuse("block_not_found");',
        "if (info === undefined) return undefined;",
      ),
      off(FACTS, "refusal === undefined && info !== undefined ?", "refusal === undefined ?"),
    ],
  }),
  ...guardsOf("other-spellings", {
    "a hash has one spelling": [off("src/nano/brands.ts", "const lower = hex.toLowerCase();", "const lower = hex;")],
    "an address is its 32 bytes": [
      off(FIELDS, "return parseAddress(text);", "parseAddress(text);\n      return text as never;"),
    ],
    "a signature has no twin": [off("src/nano/verify.ts", "!isReducedScalar(answer) || ")],
    "raw is written in ten digits, with no sign, space or zero in front": [
      off(FIELDS, "/^(?:0|[1-9][0-9]{0,38})$/", "/^\\s*(?:0x)?[0-9a-fA-F]+\\s*$/"),
    ],
    "the node gets the nine keys, rebuilt": [
      off(PAYLOAD, "const blockSchema = z\n  .object({", "const blockSchema = z\n  .looseObject({"),
      off(PAYLOAD, "const block: SignedBlock = {", "const block: SignedBlock = { ...json,"),
      off(
        "src/nano/signed-block.ts",
        '  return {\n    type: "state",',
        '  return {\n    ...block, balanceRaw: undefined, type: "state",',
      ),
    ],
  }),
  ...guardsOf("clocks-that-disagree", {
    "the server's own clock says what has expired": [off(SERVER_JUDGE, "judgeExpiry: true", "judgeExpiry: false")],
    "what has expired is refused": [
      off(TERMS, "if (validBefore + EXPIRY_GRACE_SECONDS < when.nowSeconds)", "if (validBefore < 0)"),
    ],
    "what is authenticated has no upper bound, whatever the clocks say": [
      off(TERMS, "return !when.authenticated && validBefore", "return validBefore"),
    ],
    "what is not authenticated has one": [
      off(TERMS, "return !when.authenticated && validBefore > latest", "return latest < 0"),
    ],
    "a payment from the future is none": [
      off(JUDGE_B, "if (ageSeconds < -FUTURE_TOLERANCE_SECONDS)", "if (ageSeconds < -4000)"),
    ],
    "a node may be a minute ahead": [
      off(JUDGE_B, "if (ageSeconds < -FUTURE_TOLERANCE_SECONDS)", "if (ageSeconds < -59)"),
    ],
    "an old payment is too old": [off(JUDGE_B, "if (ageSeconds > facts.paymentAgeSeconds)", "if (ageSeconds > 1e9)")],
  }),
  ...guardsOf("store-created-anew", {
    "what is older than the store is refused": [
      off(JUDGE_B, "if (seenSeconds <= facts.storeBornAtSeconds)", "if (seenSeconds < 0 - facts.storeBornAtSeconds)"),
    ],
    "and what is as old as the store": [
      off(JUDGE_B, "if (seenSeconds <= facts.storeBornAtSeconds)", "if (seenSeconds < facts.storeBornAtSeconds)"),
    ],
    "a token that the store does not know lifts no expiry": [
      off(
        SETTLE,
        'if (standing.kind !== "owner" && !strict.ok) return',
        'if (standing.kind === "refused" && !strict.ok) return',
      ),
    ],
    "nor the age limit": [off(SETTLE, "judgeAge: !isOwner", "judgeAge: token === undefined")],
  }),
  ...guardsOf("node-synced-anew", {
    "a redeemed hash is never forgotten": [
      off(
        REDEMPTION,
        'if (view.state === "redeemed") return refuse("duplicate_block_hash");',
        'if (view.result === "") return refuse("duplicate_block_hash");',
      ),
    ],
    "nor by the store itself": [
      off(
        "src/store/memory.ts",
        "findRedeemed: (hash) => redeemed.get(hash),",
        "findRedeemed: (hash) => (clock() / 1000 - bornAtSeconds > 86_400 ? undefined : redeemed.get(hash)),",
      ),
    ],
    "the oldest first sight counts": [
      off(
        AGREEMENT,
        "Math.min(...group.map((shown) => shown.result.localTimestampSeconds))",
        "Math.max(...group.map((shown) => shown.result.localTimestampSeconds))",
      ),
    ],
    "a block that the node saw at no time is too old": [
      off(JUDGE_B, "if (!(seenSeconds > 0))", "if (seenSeconds === 0) return undefined;\n  if (seenSeconds < 0)"),
    ],
  }),
  ...guardsOf("payer-that-cancels", {
    "a lease ends by its token only": [off(LEASES, "return held?.token === token ? held : undefined;", "return held;")],
    "a verify is refused by any open lease": [
      off(REDEMPTION, 'return view.leaseOpen ? refuse("payment_in_progress") : undefined;', "return undefined;"),
      off(LEASES, "if (isInTheWay) return", 'if (isInTheWay && claim.purpose === "settle") return'),
    ],
    "a handler that failed ends the lease": [
      off(
        SERVER_HOOKS,
        "async ({ paymentPayload }) =>\n    endLease(paymentPayload);",
        "async ({ paymentPayload }) =>\n    void paymentPayload;",
      ),
    ],
    "at a facilitator elsewhere too": [
      off(
        FACILITATOR_LINK,
        '(await ask("release", { lease }, releaseAnswerSchema)).released',
        "lease.length > 0 && releaseAnswerSchema !== undefined",
      ),
    ],
    "a token that was released takes nothing back": [
      off(REDEMPTION, "token !== undefined && view.token === token && ", "token !== undefined && "),
    ],
  }),
];
