import { answerRpc } from "./actions/index.js";
import type { FaultInjector } from "./faults/index.js";
import { listenRpc } from "./http-server.js";
import type { DevNode } from "./node.js";
import type { DevLedgerOptions } from "./options.js";
import { type ConfirmationFeed, listenWebsocket } from "./websocket/index.js";

export interface NodeServers {
  readonly rpcUrl: string;
  readonly websocketUrl: string;
  dropConnections(): void;
  close(): Promise<void>;
}

/** RPC and websocket on one host; where one port cannot be had, the other is freed again. */
export async function listenBoth(
  node: DevNode,
  feed: ConfirmationFeed,
  faults: FaultInjector,
  { host = "127.0.0.1", port = 0, websocketPort = 0 }: DevLedgerOptions,
): Promise<NodeServers> {
  const rpc = await listenRpc({
    host,
    port,
    answer: (body, signal) => answerRpc(body, node, signal),
    spoil: (body, take) => faults.spoilRequest(body, take),
  });
  const websocket = await listenWebsocket({ host, port: websocketPort, clock: node.clock, feed, faults }).catch(
    async (error: unknown) => {
      await rpc.close();
      throw error;
    },
  );
  const urlHost = host.includes(":") ? `[${host}]` : host;
  return {
    rpcUrl: `http://${urlHost}:${rpc.port}`,
    websocketUrl: `ws://${urlHost}:${websocket.port}`,
    dropConnections: () => {
      rpc.dropConnections();
      websocket.dropConnections();
    },
    close: async () => {
      await Promise.all([rpc.close(), websocket.close()]);
    },
  };
}
