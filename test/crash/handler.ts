import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { readText } from "./relay.js";

export interface Handler {
  readonly url: string;
  close(): Promise<void>;
}

/** What the handler of a shop in another process asks: its status. */
export async function startHandler(handle: (sale: string, attempt: string) => Promise<number>): Promise<Handler> {
  const server = createServer(async (request, response) => {
    const { sale, attempt } = JSON.parse(await readText(request));
    response.end(String(await handle(sale, attempt)));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
