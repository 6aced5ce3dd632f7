import type { x402Facilitator } from "@x402/core/facilitator";
import type { FacilitatorClient } from "@x402/core/server";
import type { Network } from "@x402/core/types";

/**
 * A stock `x402Facilitator` as the `FacilitatorClient` that a stock `x402ResourceServer` in the same process wants; the
 * host's own class does not fit there (its `getSupported` is synchronous and types networks as plain text).
 */
export function inProcessFacilitatorClient(facilitator: x402Facilitator): FacilitatorClient {
  return {
    verify: (payload, requirements) => facilitator.verify(payload, requirements),
    settle: (payload, requirements) => facilitator.settle(payload, requirements),
    async getSupported() {
      const supported = facilitator.getSupported();
      const kinds = supported.kinds.flatMap((kind) =>
        isNetwork(kind.network) ? [{ ...kind, network: kind.network }] : [],
      );
      return { ...supported, kinds };
    },
  };
}

function isNetwork(network: string): network is Network {
  return network.includes(":");
}
