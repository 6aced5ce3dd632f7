import type { FacilitatorHandler, GetRequirementsArgs } from "@faremeter/types/facilitator";
import type { x402PaymentPayload, x402PaymentRequirements } from "@faremeter/types/x402v2";
import { createFacilitatorHandler, type NanoFacilitatorHandler } from "x402-nano/faremeter";
import type { Offer } from "../support/hand-payer.js";
import type { World } from "../support/world.js";

interface Handed {
  readonly requirements: x402PaymentRequirements;
  readonly payment: x402PaymentPayload;
}

/** What the middleware asked a handler, in order. */
export interface Watched<Handler extends FacilitatorHandler = FacilitatorHandler> {
  readonly handler: Handler;
  readonly asked: GetRequirementsArgs[];
  readonly verified: Handed[];
  readonly settled: Handed[];
}

function watched<Handler extends FacilitatorHandler>(real: Handler): Watched<Handler> {
  const asked: GetRequirementsArgs[] = [];
  const verified: Handed[] = [];
  const settled: Handed[] = [];
  const handler: Handler = {
    ...real,
    getRequirements(args: GetRequirementsArgs) {
      asked.push(args);
      return real.getRequirements(args);
    },
    async handleVerify(requirements: x402PaymentRequirements, payment: x402PaymentPayload) {
      verified.push({ requirements, payment });
      return (await real.handleVerify?.(requirements, payment)) ?? null;
    },
    handleSettle(requirements: x402PaymentRequirements, payment: x402PaymentPayload) {
      settled.push({ requirements, payment });
      return real.handleSettle(requirements, payment);
    },
  };
  return { handler, asked, verified, settled };
}

/** Offers both tracks and takes whatever it is given: all that is refused beside it, Faremeter refused. */
export function watchCredulous(changes: Partial<FacilitatorHandler> = {}): Watched {
  const offered = (entry: x402PaymentRequirements, track: string): x402PaymentRequirements => ({
    ...entry,
    maxTimeoutSeconds: 60,
    extra: { assetTransferMethod: track },
  });
  return watched({
    capabilities: { networks: ["nano:mainnet"], assets: ["XNO"] },
    schemes: ["exact"],
    getRequirements: async ({ accepts }) =>
      accepts.flatMap((entry) => [offered(entry, "nanoTxn"), offered(entry, "nanoSignature")]),
    handleVerify: async () => ({ isValid: true }),
    handleSettle: async ({ network }) => ({ success: true, transaction: "AB".repeat(32), network }),
    ...changes,
  });
}

/** Ours, with what the middleware hands to it on record. */
export function watchOurs(
  world: World,
  options: Partial<Parameters<typeof createFacilitatorHandler>[0]> = {},
): Watched<NanoFacilitatorHandler> {
  const handler = createFacilitatorHandler({ ...world.facilitatorOptions, ...options });
  world.onClose(() => handler.close());
  return watched(handler);
}

/** An entry as any client could write it down. */
export function entryWith(changes: Partial<Offer> = {}): Offer {
  return {
    scheme: "exact",
    network: "nano:mainnet",
    asset: "XNO",
    amount: "1000000000000000000000000000",
    payTo: "nano_1h56yw7cb3mb1ojkcfsjbryg68r4436suedtbwsoz9jwwd4stgzr744ft7es",
    maxTimeoutSeconds: 60,
    extra: {},
    ...changes,
  };
}
