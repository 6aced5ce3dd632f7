import { describe, expect, onTestFinished, test } from "vitest";
import { ConfirmationFeed, listenWebsocket } from "../../src/dev-ledger/websocket/index.js";
import { Session } from "../../src/dev-ledger/websocket/session.js";
import { addressOf, publicKeyOf } from "../../src/nano/index.js";
import { connectClient } from "./websocket-client.js";
import { connectRaw, expectAlive, frame, upgradeRaw } from "./websocket-raw.js";

describe("memory", () => {
  async function listenSmall(): Promise<string> {
    const feed = new ConfirmationFeed({ clock: () => 0, tallyRaw: () => 0n });
    const options = { host: "127.0.0.1", port: 0, clock: () => 0, feed, maxUnsentBytes: 100_000 };
    const server = await listenWebsocket(options);
    onTestFinished(() => server.close());
    return `ws://127.0.0.1:${server.port}`;
  }

  /** The kernel takes some megabytes before anything has to wait. */
  const FLOOD = 40 * 1024 * 1024;

  test.each([
    ["asks and asks and never reads", frame(1, Buffer.from(`{"action":"ping","id":"${"x".repeat(90)}"}`))],
    ["pings and never reads", frame(9, Buffer.alloc(125))],
  ])("a client that %s is dropped", async (_name, bytes) => {
    const url = await listenSmall();
    const { socket, closed } = await upgradeRaw(url);
    socket.pause();
    const burst = Buffer.concat(Array.from({ length: 1000 }, () => bytes));
    let sent = 0;
    while (!socket.destroyed && sent < FLOOD) {
      sent += burst.length;
      if (!socket.write(burst)) await Promise.race([closed, new Promise((resolve) => socket.once("drain", resolve))]);
    }
    await closed;
    await expectAlive(url);
  });

  test("a client that reads gets everything, whatever it asks for at once", async () => {
    const client = await connectClient(await listenSmall());
    for (let id = 1; id <= 2000; id += 1) client.send({ action: "ping", id });
    const ids = (await client.sync()).map(({ id }) => Number(id));
    expect(ids).toEqual(Array.from({ length: 2000 }, (_, index) => index + 1));
  });

  test("there is an end to how many may connect", async () => {
    const url = await listenSmall();
    const allowed = await Promise.all(Array.from({ length: 256 }, () => connectRaw(url)));
    await (await connectRaw(url)).closed;
    allowed[0]?.socket.destroy();
    await expect
      .poll(() =>
        connectClient(url).then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
  });

  test("a filter cannot grow without end", () => {
    const session = new Session({ clock: () => 0, send: () => undefined });
    const addresses = (from: number) =>
      Array.from({ length: 8_192 }, (_, index) => {
        const key = new Uint8Array(32);
        new DataView(key.buffer).setUint32(0, from + index);
        return addressOf(publicKeyOf(key));
      });
    const update = (accounts: readonly string[]): boolean =>
      session.receive(JSON.stringify({ action: "update", topic: "confirmation", options: { accounts_add: accounts } }));
    session.receive('{"action":"subscribe","topic":"confirmation","options":{}}');
    expect([update(addresses(0)), update(addresses(8_192)), update(addresses(0))]).toEqual([true, true, true]);
    expect(update(addresses(16_384))).toBe(false);
  });
});
