export { AddedNodes, type DevLedgerNode, type DevLedgerNodeOptions } from "./added-nodes.js";
export { Gossip } from "./gossip.js";
export { openNode } from "./open-node.js";
