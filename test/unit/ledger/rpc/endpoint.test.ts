import { describe, expect, test } from "vitest";
import { parseEndpoint } from "../../../../src/ledger/rpc/endpoint.js";

describe("an endpoint", () => {
  test("is taken apart into what is sent and what may be shown", () => {
    const endpoint = parseEndpoint("https://user:pa%20ss@rpc.example:8443/v2/rpc?key=1#part", { "X-Key": "mine" });
    const { host, origin, path, headers } = endpoint;
    expect({ host, origin, path, headers }).toEqual({
      host: "rpc.example:8443",
      origin: "https://rpc.example:8443",
      path: "/v2/rpc?key=1",
      headers: {
        authorization: `Basic ${Buffer.from("user:pa ss").toString("base64")}`,
        "content-type": "application/json",
        "x-key": "mine",
      },
    });
  });

  test("lets a header given replace its own", () => {
    const { headers } = parseEndpoint("http://user:password@localhost", {
      Authorization: "Bearer mine",
      "Content-Type": "text/plain",
    });
    expect(headers).toEqual({ authorization: "Bearer mine", "content-type": "text/plain" });
  });

  test("hides the longer of two secrets first, so that no rest of it is left", () => {
    const { hideSecrets } = parseEndpoint("http://localhost/abcdef/abcdefghijkl", { "x-key": "abcdefgh ijklmn" });
    expect(hideSecrets("abcdefghijkl, abcdef, abcdefgh ijklmn, ijklmn")).toBe("redacted, redacted, redacted, redacted");
  });

  test("leaves words that are too short for a key", () => {
    const { hideSecrets } = parseEndpoint("http://localhost/api/v2?json=true", {});
    expect(hideSecrets("no api v2 with json true")).toBe("no api v2 with json true");
  });

  test("survives escapes that are none", () => {
    const { hideSecrets } = parseEndpoint("http://user%ZZname:password@localhost/secret%E0path", {});
    expect(hideSecrets("user%ZZname secret%E0path password")).toBe("redacted redacted redacted");
  });
});
