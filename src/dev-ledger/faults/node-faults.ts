import type { RpcFaultScope } from "./check-faults.js";
import type { FaultInjector } from "./fault-injector.js";
import type { FaultLimits, PlannedFault } from "./plans.js";
import type { RpcFault } from "./rpc-fault.js";
import type { WebsocketFault } from "./websocket-fault.js";

/**
 * Faults of one node, at its HTTP and its websocket port. Its ledger stays honest: what was taken is on it, and other
 * nodes, or this one a moment later, tell the truth about it. One request or confirmation meets one fault, the oldest
 * that is for it; so faults with `times` that are planned one after the other come in turn.
 */
export interface NodeFaults {
  /** Throws `invalid_configuration` for a fault that cannot be. */
  rpc(fault: RpcFault, scope?: RpcFaultScope): PlannedFault;
  websocket(fault: WebsocketFault, limits?: FaultLimits): PlannedFault;
  /** Breaks off every connection there is now, RPC and websocket; new ones are let in. */
  dropConnections(): void;
  /** Stops all faults of this node. */
  clear(): void;
  /** How many requests, messages and connections were spoiled since the node was started. */
  readonly hits: number;
}

export function exposeFaults(injector: FaultInjector, dropConnections: () => void): NodeFaults {
  return {
    rpc: (fault, scope) => injector.planRpc(fault, scope),
    websocket: (fault, limits) => injector.planWebsocket(fault, limits),
    dropConnections,
    clear: () => {
      injector.clear();
    },
    get hits() {
      return injector.hits;
    },
  };
}
