import { describe, expect, test } from "vitest";
import { redactText, redactUrl } from "../../../src/errors/index.js";

const KEY = "a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6";

describe("redactUrl", () => {
  test.each([
    ["a key in the query", `https://rpc.example/proxy?key=${KEY}`, "https://rpc.example/proxy?redacted"],
    ["a key as the name of a parameter", `https://rpc.example/?${KEY}`, "https://rpc.example/?redacted"],
    ["a key in the path", `https://rpc.example/v2/${KEY}`, "https://rpc.example/v2/redacted"],
    ["a key in the path, with a slash", `https://rpc.example/${KEY}/`, "https://rpc.example/redacted/"],
    [
      "a UUID in the path",
      "https://rpc.example/123e4567-e89b-12d3-a456-426614174000/x",
      "https://rpc.example/redacted/x",
    ],
    ["a short key in the path", "https://rpc.example/k3y0a1b2c", "https://rpc.example/redacted"],
    ["a percent-encoded key", "https://rpc.example/%61%62%63%31", "https://rpc.example/redacted"],
    ["a key of letters alone", `https://rpc.example/${"abcdefgh".repeat(4)}`, "https://rpc.example/redacted"],
    ["a password", "https://user:hunter2@rpc.example/", "https://redacted@rpc.example/"],
    ["a user name alone, which can be the token", `https://${KEY}@rpc.example/`, "https://redacted@rpc.example/"],
    ["a password alone", "redis://:hunter2@127.0.0.1:6379/0", "redis://redacted@127.0.0.1:6379/0"],
    ["a password with a slash", "redis://:hun%2Fter2@cache:6379", "redis://redacted@cache:6379"],
    ["a fragment", `https://rpc.example/#${KEY}`, "https://rpc.example/"],
    ["a websocket", `wss://rpc.example:7078/ws?token=${KEY}`, "wss://rpc.example:7078/ws?redacted"],
    ["all at once", `https://u:p@h.example/${KEY}?k=${KEY}#${KEY}`, "https://redacted@h.example/redacted?redacted"],
  ])("%s", (_what, url, shown) => {
    expect(redactUrl(url)).toBe(shown);
  });

  test.each([
    "http://127.0.0.1:7076",
    "http://[::1]:7076/",
    "https://rpc.example/proxy",
    "https://node-1.rpc.example/api/v2/nano-rpc",
    "wss://ws.example/",
  ])("%s stays as it is", (url) => {
    expect(redactUrl(url)).toBe(url);
  });

  test.each(["", "not a url", `//rpc.example/${KEY}`, `https://user:${KEY}@`, "https://"])(
    "%j cannot be parsed, nothing of it is shown",
    (text) => {
      expect(redactUrl(text)).toBe("[unparseable URL]");
    },
  );
});

describe("redactText", () => {
  test.each([
    [`connect to https://rpc.example/?key=${KEY} failed`, "connect to https://rpc.example/?redacted failed"],
    [`"https://rpc.example/${KEY}", then`, '"https://rpc.example/redacted", then'],
    [`(see https://rpc.example/${KEY}).`, "(see https://rpc.example/redacted)."],
    [`HTTPS://RPC.example/${KEY}`, "https://rpc.example/redacted"],
    [`a wss://x.example/${KEY} b redis://:pw@y c`, "a wss://x.example/redacted b redis://redacted@y c"],
    [`libsql://db.example?authToken=${KEY}`, "libsql://db.example?redacted"],
    [`ws://x?a=${KEY}\nws://y?a=${KEY}`, "ws://x/?redacted\nws://y/?redacted"],
  ])("%j", (text, shown) => {
    expect(redactText(text)).toBe(shown);
    expect(redactText(text)).not.toContain(KEY);
  });

  test("a password with a quote in it does not end the URL", () => {
    expect(redactText("at redis://:pa'ss\"word@cache.example:6379/0 now")).not.toMatch(/pa'|word/);
  });

  test("is stable: what was redacted stays as it is", () => {
    const once = redactText(`https://u:p@rpc.example/${KEY}?k=${KEY} and redis://:pw@y`);
    expect(redactText(redactText(once))).toBe(redactText(once));
  });

  test.each([
    "no URL here",
    "amounts like 0.001 XNO, addresses like nano:mainnet:nano%5F3t6k",
    "at load (file:///srv/app/node_modules/some-very-long-package-name/dist/index-a1b2c3d4e5f6.js:10:5)",
    "asked http://127.0.0.1:7076, got nothing.",
  ])("%j stays as it is", (text) => {
    expect(redactText(text)).toBe(text);
  });

  test("long hostile text costs linear time: these take minutes where the pattern can go back over them", () => {
    for (const text of [
      "a.".repeat(500_000),
      "a://".repeat(250_000),
      `http://${"b".repeat(1_000_000)}`,
      "a+".repeat(500_000),
    ]) {
      expect(redactText(text).length).toBeGreaterThan(0);
    }
  });
});
