import { connect, type Socket } from "node:net";
import { expect, onTestFinished } from "vitest";
import { connectClient } from "./websocket-client.js";

export const HANDSHAKE = [
  "GET / HTTP/1.1",
  "Host: x",
  "Upgrade: websocket",
  "Connection: Upgrade",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
  "",
  "",
].join("\r\n");

/** A connection that speaks bytes; `closed` holds once the server let go of it. */
export async function connectRaw(url: string): Promise<{ socket: Socket; closed: Promise<void> }> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.on("error", () => undefined);
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  onTestFinished(() => {
    socket.destroy();
  });
  await new Promise((resolve) => socket.once("connect", resolve));
  return { socket, closed };
}

export async function upgradeRaw(url: string): Promise<{ socket: Socket; closed: Promise<void> }> {
  const raw = await connectRaw(url);
  const answer = new Promise<string>((resolve) => raw.socket.once("data", (bytes) => resolve(bytes.toString())));
  raw.socket.write(HANDSHAKE);
  expect(await answer).toContain("101 Switching Protocols");
  return raw;
}

/** A client's frame of less than 126 bytes; the mask is zero, so the payload stands as it is. */
export function frame(opcode: number, payload: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
}

/** Others are served as before. */
export async function expectAlive(url: string): Promise<void> {
  const client = await connectClient(url);
  expect(await client.sync()).toEqual([]);
}
