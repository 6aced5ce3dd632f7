import { scheduleWithTimers } from "../confirmations.js";
import { createNode } from "../create-node.js";
import { exposeFaults, FaultInjector, type NodeFaults } from "../faults/index.js";
import { listenBoth } from "../listen.js";
import type { DevNetwork } from "../network.js";
import type { DevNode } from "../node.js";
import type { DevLedgerOptions } from "../options.js";
import type { Gossip } from "./gossip.js";
import type { Peer } from "./peer.js";

export interface OpenNodeOptions {
  readonly network: DevNetwork;
  readonly options: DevLedgerOptions;
  readonly gossip: Gossip;
}

/** A node on its ports. */
export interface OpenNode {
  readonly node: DevNode;
  readonly peer: Peer;
  readonly rpcUrl: string;
  readonly websocketUrl: string;
  readonly faults: NodeFaults;
  close(): Promise<void>;
}

/** It has caught up with the others before it listens. */
export async function openNode({ network, options, gossip }: OpenNodeOptions): Promise<OpenNode> {
  const closing = new AbortController();
  const faults = new FaultInjector(options.schedule ?? scheduleWithTimers);
  const peer = gossip.join((events) => createNode({ network, options, closing: closing.signal, faults, events }));
  const { node, feed } = peer.wired;
  const stop = (): void => {
    closing.abort();
    gossip.leave(peer);
    node.confirmations.close();
    faults.close();
  };
  const servers = await listenBoth(node, feed, faults, options).catch((error: unknown) => {
    stop();
    throw error;
  });
  return {
    node,
    peer,
    rpcUrl: servers.rpcUrl,
    websocketUrl: servers.websocketUrl,
    faults: exposeFaults(faults, () => {
      servers.dropConnections();
    }),
    close: async () => {
      stop();
      await servers.close();
    },
  };
}
