import { describe, expect, test } from "vitest";
import { createLedger, type LedgerOptions } from "../../../src/ledger/index.js";

const refusal = (options: object): unknown => {
  try {
    createLedger(options as LedgerOptions);
    return "accepted";
  } catch (error) {
    return error;
  }
};

describe("createLedger", () => {
  test.each([
    [{}, "rpcUrls"],
    [{ rpcUrls: [] }, "rpcUrls"],
    [{ rpcUrls: [7] }, "rpcUrls"],
    [{ rpcUrls: "ws://127.0.0.1" }, "rpcUrls"],
    [{ rpcUrls: "127.0.0.1:7076" }, "rpcUrls"],
    [{ rpcUrls: "http://127.0.0.1", timeoutMs: 0 }, "timeoutMs"],
    [{ rpcUrls: "http://127.0.0.1", timeoutMs: Number.POSITIVE_INFINITY }, "timeoutMs"],
    [{ rpcUrls: "http://127.0.0.1", timeoutMs: 2 ** 31 }, "timeoutMs"],
    [{ rpcUrls: "http://127.0.0.1", workTimeoutMs: -1 }, "workTimeoutMs"],
    [{ rpcUrls: "http://127.0.0.1", pollIntervalMs: 0.5 }, "pollIntervalMs"],
    [{ rpcUrls: "http://127.0.0.1", headers: { key: 7 } }, "headers.key"],
    [{ rpcUrls: { url: "http://127.0.0.1", requestsPerSecond: 0 } }, "rpcUrls"],
    [{ rpcUrls: { url: "http://127.0.0.1", requestsPerSecond: -1 } }, "rpcUrls"],
    [{ rpcUrls: { url: "http://127.0.0.1", requestsPerSecond: Number.POSITIVE_INFINITY } }, "rpcUrls"],
    [{ rpcUrls: { url: "http://127.0.0.1", body: { key: 7 } } }, "rpcUrls"],
    [{ rpcUrls: { url: "http://127.0.0.1", body: { action: "stop" } } }, "rpcUrls"],
    [{ rpcUrls: ["http://127.0.0.1", { url: "http://127.0.0.2", body: { block: "{}" } }] }, "rpcUrls"],
    [{ rpcUrls: { url: "http://127.0.0.1", headers: { "x y": "z" } } }, "headers"],
    [{ rpcUrls: { url: "http://127.0.0.1", weight: 3 } }, "rpcUrls"],
    [{ rpcUrls: { headers: {} } }, "rpcUrls"],
    [{ rpcUrls: ["http://127.0.0.1", "http://127.0.0.2"], agreement: 0 }, "agreement"],
    [{ rpcUrls: ["http://127.0.0.1", "http://127.0.0.2"], agreement: 3 }, "agreement"],
    [{ rpcUrls: "http://127.0.0.1", agreement: 1.5 }, "agreement"],
    [{ rpcUrls: ["http://127.0.0.1/a", "http://127.0.0.1/a?key=2"], agreement: 2 }, "rpcUrls"],
    [{ rpcUrls: "http://127.0.0.1", websocketUrl: "http://127.0.0.1" }, "websocketUrl"],
    [{ rpcUrls: "http://127.0.0.1", websocketUrl: { url: "ws://127.0.0.1", key: "7" } }, "websocketUrl"],
    [{ rpcUrls: "http://127.0.0.1", work: {} }, "work"],
    [{ rpcUrls: "http://127.0.0.1", work: "threads" }, "work"],
    [{ rpcUrls: "http://127.0.0.1", onWarning: true }, "onWarning"],
    [{ rpcUrls: "http://127.0.0.1", random: 4 }, "random"],
    [{ rpcUrls: "http://127.0.0.1", clock: 7 }, "clock"],
    [{ rpcUrls: "http://127.0.0.1", sleep: "long" }, "sleep"],
  ])("refuses %j", (options, option) => {
    const error = refusal(options);
    expect(error).toMatchObject({ code: "invalid_configuration" });
    expect(error).toHaveProperty(["facts", "option"], expect.stringMatching(new RegExp(`^${option}`)));
  });

  test("refuses an option that it would have to ignore", () => {
    const error = refusal({ rpcUrls: "http://127.0.0.1", websocketURL: "ws://127.0.0.1" });
    expect(error).toMatchObject({ code: "invalid_configuration" });
    expect(String(error)).toContain("websocketURL");
  });

  test("connects to nobody before the first call, and closes twice", async () => {
    const ledger = createLedger({ rpcUrls: ["http://127.0.0.1:1", "https://[::1]:1/rpc?key=1"] });
    await ledger.close();
    await ledger.close();
  });
});
