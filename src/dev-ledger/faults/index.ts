export type { RpcFaultScope } from "./check-faults.js";
export { FaultInjector } from "./fault-injector.js";
export { nothingConfirmed, numbersForStrings, wrongAmounts } from "./lies.js";
export { exposeFaults, type NodeFaults } from "./node-faults.js";
export type { FaultLimits, PlannedFault } from "./plans.js";
export type { FaultMoment, JsonObject, RpcFault } from "./rpc-fault.js";
export type { WebsocketFault } from "./websocket-fault.js";
