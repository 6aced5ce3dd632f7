import type { DevNode } from "../node.js";
import { describeTelemetry } from "../telemetry.js";
import type { RpcAnswer } from "./answer.js";
import type { RpcRequest } from "./request.js";

export function version(_request: RpcRequest, { network, state }: DevNode): RpcAnswer {
  return { ...network.version, network_identifier: state.genesisHash.toUpperCase() };
}

export function blockCount(_request: RpcRequest, { state, processor }: DevNode): RpcAnswer {
  return {
    count: state.blockCount.toString(),
    unchecked: processor.gapCount.toString(),
    cemented: state.confirmedCount.toString(),
  };
}

export function uptime(_request: RpcRequest, { clock, startedAtMs }: DevNode): RpcAnswer {
  return { seconds: Math.floor((clock() - startedAtMs) / 1000).toString() };
}

export function telemetry(_request: RpcRequest, node: DevNode): RpcAnswer {
  return describeTelemetry(node);
}
