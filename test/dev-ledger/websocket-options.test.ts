import { describe, expect, test } from "vitest";
import { startNode } from "./support.js";
import { connectClient } from "./websocket-client.js";

describe("answers", () => {
  test.each([
    [{ action: "subscribe", topic: "confirmation", ack: "true" }, "subscribe"],
    [{ action: "subscribe", topic: "vote", ack: 1, options: { representatives: [] } }, "subscribe"],
    [{ action: "unsubscribe", topic: "confirmation", ack: true }, "unsubscribe"],
    [{ action: "unsubscribe", topic: "new_unconfirmed_block", ack: true }, "unsubscribe"],
    [{ action: "ping" }, "pong"],
    [{ action: "subscribe", topic: "confirmation" }, undefined],
    [{ action: "subscribe", topic: "confirmation", ack: "yes" }, undefined],
    [{ action: "subscribe", topic: "weather", ack: true }, undefined],
    [{ action: "subscribe", ack: true }, undefined],
    [{ action: "update", topic: "confirmation", ack: true, options: {} }, undefined],
    [{ action: "constructor", topic: "__proto__", ack: true }, undefined],
    [{}, undefined],
    ["[]", undefined],
    ["null", undefined],
    ['"ping"', undefined],
  ])("%j: %s", async (request, ack) => {
    const node = await startNode({ clock: () => 1000 });
    const client = await connectClient(node.websocketUrl);
    client.send(request);
    expect(await client.sync()).toEqual(ack === undefined ? [] : [{ ack, time: "1000" }]);
  });

  test("an id comes back as a text, whatever it was; an object is none", async () => {
    const node = await startNode({ clock: () => 1000 });
    const client = await connectClient(node.websocketUrl);
    for (const id of [7, true, "a\nb", { x: 1 }, ""]) client.send({ action: "ping", id });
    expect((await client.sync()).map(({ id }) => id)).toEqual(["7", "true", "a\nb", undefined, undefined]);
  });
});

describe("what a message holds", () => {
  test.each([
    [undefined, ["block"]],
    [{}, ["block"]],
    [{ include_block: "false" }, []],
    [{ include_block: false, include_election_info: true }, ["election_info"]],
    [{ include_election_info: "1", include_sideband_info: "true" }, ["election_info", "block", "sideband"]],
  ])("%j: %j", async (options, parts) => {
    const node = await startNode();
    const client = await connectClient(node.websocketUrl);
    await client.subscribe(options);
    await node.fund(node.genesis.address, 1n);
    const [{ message }] = await client.sync();
    expect(Object.keys(message)).toEqual(["account", "amount", "hash", "confirmation_type", ...parts]);
  });

  test("the first-connected subscriber decides for everybody, for as long as it is subscribed", async () => {
    const node = await startNode();
    const first = await connectClient(node.websocketUrl);
    const second = await connectClient(node.websocketUrl);
    await second.subscribe({ include_election_info: true });
    await first.subscribe({ include_block: false, accounts: [node.genesis.address] });

    await node.fund(node.genesis.address, 1n);
    const [whenBoth] = await second.sync();
    expect(Object.keys(whenBoth.message)).toEqual(["account", "amount", "hash", "confirmation_type"]);
    expect(await first.sync()).toEqual([]);

    first.send({ action: "unsubscribe", topic: "confirmation" });
    await first.sync();
    await node.fund(node.genesis.address, 2n);
    const [whenAlone] = await second.sync();
    expect(whenAlone.message).toMatchObject({ election_info: { voters: "2" }, block: { subtype: "send" } });
    expect(await first.sync()).toEqual([]);
  });

  test("a subscriber that went away decides nothing", async () => {
    const node = await startNode();
    const first = await connectClient(node.websocketUrl);
    const second = await connectClient(node.websocketUrl);
    await first.subscribe({ include_block: false });
    await second.subscribe();
    first.close();
    await first.closed;
    await expect
      .poll(async () => {
        await node.fund(node.genesis.address, 1n);
        return (await second.sync())[0].message.block?.subtype;
      })
      .toBe("send");
  });

  test("subscribing again replaces the options and keeps the place", async () => {
    const node = await startNode();
    const first = await connectClient(node.websocketUrl);
    const second = await connectClient(node.websocketUrl);
    await first.subscribe({ include_block: false });
    await second.subscribe({ include_election_info: true });
    await first.subscribe({ include_sideband_info: true });
    await node.fund(node.genesis.address, 1n);
    const [{ message }] = await second.sync();
    expect(Object.keys(message).slice(4)).toEqual(["block", "sideband"]);
    expect(message.sideband).toMatchObject({ height: "2" });
    expect(await first.sync()).toHaveLength(1);
  });
});
