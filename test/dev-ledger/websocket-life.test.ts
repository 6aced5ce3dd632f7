import { connect } from "node:net";
import { expect, test } from "vitest";
import { startDevLedger } from "../../src/dev-ledger/index.js";
import { startNode } from "./support.js";
import { connectClient } from "./websocket-client.js";

function portOf(url: string): number {
  return Number(new URL(url).port);
}

test("close ends every connection, whatever state it is in, and frees both ports", async () => {
  const dev = await startDevLedger();
  const clients = [await connectClient(dev.websocketUrl), await connectClient(dev.websocketUrl)];
  await clients[0]?.subscribe();
  const silent = connect(portOf(dev.websocketUrl), "127.0.0.1");
  await new Promise((resolve) => silent.once("connect", resolve));
  const ended = new Promise((resolve) => silent.once("close", resolve));
  silent.on("error", () => undefined);

  await dev.close();
  await Promise.all([ended, ...clients.map(({ closed }) => closed)]);
  const again = await startNode({ port: portOf(dev.rpcUrl), websocketPort: portOf(dev.websocketUrl) });
  expect([again.rpcUrl, again.websocketUrl]).toEqual([dev.rpcUrl, dev.websocketUrl]);
  expect(await (await connectClient(again.websocketUrl)).sync()).toEqual([]);
});

test("closing twice does no harm", async () => {
  const dev = await startDevLedger();
  await connectClient(dev.websocketUrl);
  await Promise.all([dev.close(), dev.close()]);
});

test("the URL names host and port", async () => {
  const node = await startNode({ host: "localhost" });
  expect(node.websocketUrl).toMatch(/^ws:\/\/localhost:\d+$/);
  expect(portOf(node.websocketUrl)).not.toBe(portOf(node.rpcUrl));
});

test("a port in use is a configuration error, and the other port is free again", async () => {
  const taken = await startNode();
  const free = await startDevLedger();
  await free.close();
  const options = { port: portOf(free.rpcUrl), websocketPort: portOf(taken.websocketUrl) };
  const facts = { setting: "websocketPort", port: options.websocketPort };
  await expect(startDevLedger(options)).rejects.toMatchObject({ code: "invalid_configuration", facts });
  const again = await startNode({ port: options.port });
  expect(again.rpcUrl).toBe(free.rpcUrl);
});

test.each([-1, 65_536, 1.5, Number.NaN])("%d is no websocketPort", async (websocketPort) => {
  const facts = { setting: "websocketPort" };
  await expect(startDevLedger({ websocketPort })).rejects.toMatchObject({ code: "invalid_configuration", facts });
});

test("two ledgers tell nothing of each other", async () => {
  const [left, right] = [await startNode(), await startNode()];
  const client = await connectClient(right.websocketUrl);
  await client.subscribe();
  await left.fund(left.genesis.address, 1n);
  expect(await client.sync()).toEqual([]);
});
