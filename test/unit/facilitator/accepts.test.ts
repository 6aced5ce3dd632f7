import { describe, expect, test } from "vitest";
import type { FacilitatorOptions, OfferedEntry } from "x402-nano/facilitator";
import { parseAddress } from "../../../src/nano/index.js";
import { createChallengeAuthority, requirementsSchema } from "../../../src/protocol/index.js";
import { CHALLENGE_SECRET, PAY_TO } from "../../support/world.js";
import { NOW_SECONDS, openWithoutIo } from "./no-io.js";

/** What a seller's entry becomes (SPEC 3, 7; UPSTREAM 3.1 and 3.6). */

const OTHER = "nano_3t6k35gi95xu6tergt6p69ck76ogmitsa8mnijtpxm9fkcm736xtoncuohr3";
const ENTRY = { scheme: "exact", network: "nano:mainnet", asset: "XNO", amount: "1000", payTo: PAY_TO } as const;

function accept(entry: Record<string, unknown>, options: Partial<FacilitatorOptions> = {}): OfferedEntry[] {
  const world = openWithoutIo({ challengeSecret: CHALLENGE_SECRET, ...options });
  const offered = world.engine.accepts([entry]);
  expect(world.calls()).toEqual([]);
  for (const one of offered) expect(requirementsSchema.safeParse(one).success).toBe(true);
  return offered;
}

function refusal(code: string, facts: Record<string, unknown>): unknown {
  return expect.objectContaining({ code, facts: expect.objectContaining(facts) });
}

const methodsOf = (offered: readonly OfferedEntry[]): unknown[] =>
  offered.map(({ extra }) => extra["assetTransferMethod"]);
const nonceOf = (entry: OfferedEntry | undefined): string => String(entry?.extra["nonce"]);

describe("an entry that names no track", () => {
  test("becomes both, Track A first and one raw dearer", () => {
    const validBefore = NOW_SECONDS + 60;
    const nonce = expect.stringMatching(/^[0-9a-f]{64}$/);
    const common = { ...ENTRY, maxTimeoutSeconds: 60 };
    expect(accept(ENTRY)).toEqual([
      { ...common, amount: "1001", extra: { assetTransferMethod: "nanoTxn", validBefore } },
      { ...common, amount: "1000", extra: { assetTransferMethod: "nanoSignature", nonce, validBefore } },
    ]);
  });

  test("is refused with a time that no client could write down", () => {
    for (const assetTransferMethod of ["nanoTxn", "nanoSignature"]) {
      const entry = { ...ENTRY, maxTimeoutSeconds: Number.MAX_SAFE_INTEGER, extra: { assetTransferMethod } };
      expect(() => accept(entry)).toThrow(refusal("invalid_requirements", { field: "maxTimeoutSeconds" }));
    }
  });

  test.each([{ extra: {} }, { extra: null }, { extra: { brand: "x" } }, {}])("becomes both with %j", (more) => {
    expect(methodsOf(accept({ ...ENTRY, ...more }))).toEqual(["nanoTxn", "nanoSignature"]);
  });

  test("speaks of Track B where it brings a nonce along", () => {
    const offered = accept({ ...ENTRY, extra: { nonce: "ab".repeat(32) } });
    expect(methodsOf(offered)).toEqual(["nanoSignature"]);
  });

  test.each(["1001", "1009", "1"])("is refused for %s raw, which Track B cannot ask", (amount) => {
    expect(() => accept({ ...ENTRY, amount })).toThrow(refusal("invalid_price", { seen: `${amount} raw` }));
  });

  test("can ask for all there is", () => {
    const amount = "340282366920938463463374607431768211450";
    expect(accept({ ...ENTRY, amount }).map((entry) => entry.amount)).toEqual([`${amount.slice(0, -1)}1`, amount]);
  });
});

describe("an entry that names its track stays alone", () => {
  test.each([
    ["nanoTxn", "1000", "1001"],
    ["nanoTxn", "1001", "1001"],
    ["nanoTxn", "1007", "1007"],
    ["nanoSignature", "1000", "1000"],
  ])("%s at %s raw asks for %s", (assetTransferMethod, amount, asked) => {
    const offered = accept({ ...ENTRY, amount, extra: { assetTransferMethod } });
    expect(methodsOf(offered)).toEqual([assetTransferMethod]);
    expect(offered[0]?.amount).toBe(asked);
    expect(Object.keys(offered[0]?.extra ?? {}).includes("nonce")).toBe(assetTransferMethod === "nanoSignature");
  });

  test("also where a nonce speaks for the other one", () => {
    const extra = { assetTransferMethod: "nanoTxn", nonce: "ab".repeat(32) };
    expect(accept({ ...ENTRY, extra })).toEqual([
      expect.objectContaining({ extra: { assetTransferMethod: "nanoTxn", validBefore: NOW_SECONDS + 60 } }),
    ]);
  });

  test("and nanoSignature refuses an amount that is no multiple of 10 raw", () => {
    const entry = { ...ENTRY, amount: "1001", extra: { assetTransferMethod: "nanoSignature" } };
    expect(() => accept(entry)).toThrow(refusal("invalid_price", { seen: "1001 raw" }));
  });
});

describe("what an entry leaves out is filled in", () => {
  test.each([undefined, 0])("a time of %j is the facilitator's", (maxTimeoutSeconds) => {
    for (const [seconds, options] of [
      [60, {}],
      [7, { maxTimeoutSeconds: 7 }],
    ] as const) {
      for (const entry of accept({ ...ENTRY, maxTimeoutSeconds }, options)) {
        expect(entry.maxTimeoutSeconds).toBe(seconds);
        expect(entry.extra["validBefore"]).toBe(NOW_SECONDS + seconds);
      }
    }
  });

  test("a time of its own stays", () => {
    for (const entry of accept({ ...ENTRY, maxTimeoutSeconds: 90 }, { maxTimeoutSeconds: 7 })) {
      expect(entry).toMatchObject({ maxTimeoutSeconds: 90, extra: { validBefore: NOW_SECONDS + 90 } });
    }
  });

  test("seconds begun do not count: the clock's milliseconds are cut off", () => {
    const [entry] = accept(ENTRY, { clock: () => NOW_SECONDS * 1000 + 999 });
    expect(entry?.extra["validBefore"]).toBe(NOW_SECONDS + 60);
  });

  test("a missing receiver is the first that is served", () => {
    const { payTo: _, ...entry } = ENTRY;
    for (const payTo of [OTHER, [OTHER], [OTHER, PAY_TO]]) {
      expect(accept(entry, { payTo }).map((offered) => offered.payTo)).toEqual([OTHER, OTHER]);
    }
  });

  test("a missing receiver where nobody is configured is refused", () => {
    const { payTo: _, ...entry } = ENTRY;
    expect(() => accept(entry)).toThrow(refusal("invalid_requirements", { field: "payTo" }));
  });

  test("scheme and asset are ours where they are left out", () => {
    const { scheme: _, asset: __, ...entry } = ENTRY;
    expect(accept(entry)).toHaveLength(2);
    expect(accept(entry)[0]).toMatchObject({ scheme: "exact", asset: "XNO" });
  });
});

describe("receivers", () => {
  test("an xrb_ address comes out as nano_", () => {
    const offered = accept({ ...ENTRY, payTo: PAY_TO.replace("nano_", "xrb_") });
    expect(offered.map(({ payTo }) => payTo)).toEqual([PAY_TO, PAY_TO]);
  });

  test("the same key in either spelling is served", () => {
    const old = PAY_TO.replace("nano_", "xrb_");
    expect(accept(ENTRY, { payTo: old })).toHaveLength(2);
    expect(accept({ ...ENTRY, payTo: old }, { payTo: PAY_TO })).toHaveLength(2);
  });

  test("another than those that are served is refused, and is not repeated", () => {
    const refused = refusal("invalid_requirements", { field: "payTo", why: expect.stringContaining("does not serve") });
    expect(() => accept({ ...ENTRY, payTo: OTHER }, { payTo: PAY_TO })).toThrow(refused);
    expect(() => accept({ ...ENTRY, payTo: OTHER }, { payTo: PAY_TO })).not.toThrow(OTHER);
    expect(accept({ ...ENTRY, payTo: OTHER }, { payTo: [PAY_TO, OTHER] })).toHaveLength(2);
  });
});

describe("whose entries these are", () => {
  test.each([
    { scheme: "upto" },
    { scheme: "" },
    { scheme: null },
    { network: "nano:testnet" },
    { network: "eip155:8453" },
    { network: undefined },
    { asset: "USDC" },
    { asset: "xno" },
  ])("%j is for others to offer, whatever else it says", (foreign) => {
    expect(accept({ ...ENTRY, ...foreign, amount: "-5", payTo: 7 })).toEqual([]);
  });

  test.each([null, undefined, 7, "exact", [], [ENTRY]])("%j is nobody's", (entry) => {
    expect(openWithoutIo().engine.accepts([entry])).toEqual([]);
  });

  test("ours among others keep their order", () => {
    const { engine } = openWithoutIo();
    const foreign = { ...ENTRY, network: "eip155:8453", amount: "x" };
    const offered = engine.accepts([foreign, { ...ENTRY, amount: "20" }, foreign, { ...ENTRY, amount: "10" }]);
    expect(offered.map(({ amount }) => amount)).toEqual(["21", "20", "11", "10"]);
    expect(engine.accepts([])).toEqual([]);
  });
});

describe("an entry of ours that nobody could pay is refused with its field", () => {
  test.each([
    ["amount", { amount: "-5" }],
    ["amount", { amount: "1.5" }],
    ["amount", { amount: "" }],
    ["amount", { amount: "0" }],
    ["amount", { amount: "010" }],
    ["amount", { amount: "1e3" }],
    ["amount", { amount: 1000 }],
    ["amount", { amount: undefined }],
    ["amount", { amount: "340282366920938463463374607431768211460" }],
    ["payTo", { payTo: "" }],
    ["payTo", { payTo: null }],
    ["payTo", { payTo: PAY_TO.replace("h56", "h57") }],
    ["maxTimeoutSeconds", { maxTimeoutSeconds: -1 }],
    ["maxTimeoutSeconds", { maxTimeoutSeconds: 1.5 }],
    ["maxTimeoutSeconds", { maxTimeoutSeconds: JSON.parse("1e400") }],
    ["maxTimeoutSeconds", { maxTimeoutSeconds: "60" }],
    ["extra", { extra: "x" }],
    ["extra.assetTransferMethod", { extra: { assetTransferMethod: "eip3009" } }],
    ["extra.nonce", { extra: { nonce: "ab" } }],
    ["extra.validBefore", { extra: { validBefore: -1 } }],
  ])("%s in %j", (field, wrong) => {
    expect(() => accept({ ...ENTRY, ...wrong })).toThrow(refusal("invalid_requirements", { field }));
  });

  test("also when another entry before it was fine", () => {
    const { engine } = openWithoutIo();
    expect(() => engine.accepts([ENTRY, { ...ENTRY, amount: "1.5" }])).toThrow(
      refusal("invalid_requirements", { field: "amount" }),
    );
  });
});

describe("a seller's own extra", () => {
  test("stays on both tracks, but for what a challenge is made of", () => {
    const extra = { brand: { name: "x" }, list: [1], nothing: null, validBefore: 1 };
    for (const entry of accept({ ...ENTRY, extra })) {
      expect(entry.extra).toMatchObject({ brand: { name: "x" }, list: [1], nothing: null });
      expect(entry.extra["validBefore"]).toBe(NOW_SECONDS + 60);
    }
  });

  test("never keeps a configured nonce, in any case or track", () => {
    for (const nonce of ["ab".repeat(32), "AB".repeat(32)]) {
      for (const method of [{}, { assetTransferMethod: "nanoTxn" }, { assetTransferMethod: "nanoSignature" }]) {
        const text = JSON.stringify(accept({ ...ENTRY, extra: { nonce, ...method } }));
        expect(text.toLowerCase()).not.toContain(nonce.toLowerCase());
      }
    }
  });

  test("is not shared with the seller's object", () => {
    const extra = { brand: "x" };
    const [first] = accept({ ...ENTRY, extra });
    Object.assign(first?.extra ?? {}, { brand: "y" });
    expect(extra).toEqual({ brand: "x" });
  });

  test("does not become a prototype", () => {
    const extra: unknown = JSON.parse('{"__proto__":{"assetTransferMethod":"nanoTxn"},"constructor":1}');
    expect(methodsOf(accept({ ...ENTRY, extra }))).toEqual(["nanoTxn", "nanoSignature"]);
  });
});

describe("Track B's nonce", () => {
  const terms = { payTo: parseAddress(PAY_TO), amountRaw: 1000n, validBefore: NOW_SECONDS + 60 };

  test("is recognised by whoever has the secret, for exactly these terms", () => {
    const nonce = nonceOf(accept(ENTRY)[1]);
    const authority = createChallengeAuthority(["another secret of 32 characters.", CHALLENGE_SECRET]);
    expect(authority.isOwnNonce(nonce, terms)).toBe(true);
    expect(authority.isOwnNonce(nonce, { ...terms, amountRaw: 1001n })).toBe(false);
    expect(authority.isOwnNonce(nonce, { ...terms, payTo: parseAddress(OTHER) })).toBe(false);
    expect(authority.isOwnNonce(nonce, { ...terms, validBefore: terms.validBefore + 1 })).toBe(false);
    expect(createChallengeAuthority("5f".repeat(32)).isOwnNonce(nonce, terms)).toBe(false);
  });

  test("is a new one each time", () => {
    const { engine } = openWithoutIo({ challengeSecret: CHALLENGE_SECRET });
    const nonces = Array.from({ length: 50 }, () => nonceOf(engine.accepts([ENTRY])[1]));
    expect(new Set(nonces).size).toBe(50);
  });

  test("is 64 hexadecimal digits without a secret too, which no authority takes for its own", () => {
    const randomBytes = (length: number): Uint8Array => new Uint8Array(length).fill(0xa7);
    const [, entry] = accept(ENTRY, { challengeSecret: undefined, randomBytes });
    expect(nonceOf(entry)).toBe("a7".repeat(32));
    expect(createChallengeAuthority(CHALLENGE_SECRET).isOwnNonce(nonceOf(entry), terms)).toBe(false);
  });

  test("comes from the random source that was given, with a secret too", () => {
    const randomBytes = (length: number): Uint8Array => new Uint8Array(length).fill(0xa7);
    expect(nonceOf(accept(ENTRY, { randomBytes })[1]).slice(0, 32)).toBe("a7".repeat(16));
  });
});

describe("work", () => {
  const workThreshold = "fffffff800000000";

  test("under policy attach stands in Track A's entries alone, whatever the seller wrote", () => {
    const [a, b] = accept({ ...ENTRY, extra: { work: "required" } }, { workPolicy: "attach" });
    expect(a?.extra).toMatchObject({ work: "optional", workThreshold });
    expect(b?.extra).not.toHaveProperty("workThreshold");
  });

  test.each(["validate", "format"] as const)("under policy %s is not spoken of", (workPolicy) => {
    for (const { extra } of accept(ENTRY, { workPolicy })) {
      expect(extra).not.toHaveProperty("work");
      expect(extra).not.toHaveProperty("workThreshold");
    }
  });

  test("says what this network asks, with leading zeros", () => {
    const [a] = accept(ENTRY, { workPolicy: "attach", sendWorkThreshold: 0xffn });
    expect(a?.extra["workThreshold"]).toBe("00000000000000ff");
  });
});
