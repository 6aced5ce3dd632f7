import type { x402ResourceServer } from "@x402/core/server";
import type {
  AssetAmount,
  MoneyParser,
  Network,
  PaymentRequirements,
  Price,
  SchemeNetworkServer,
  SchemePaymentRequiredContext,
  SchemeServerHooks,
  SettleContext,
} from "@x402/core/types";
import { NanoError } from "../../errors/index.js";
import { addressOf, XNO_DECIMALS } from "../../nano/index.js";
import {
  ASSET,
  type ChallengeAuthority,
  type ChallengeSecret,
  createChallengeAuthority,
  inventChallengeSecret,
  NETWORK,
  type RandomBytes,
  type Requirements,
  requirementsSchema,
  SCHEME,
  systemRandomBytes,
  trackAAmount,
  trackBAmount,
} from "../../protocol/index.js";
import { createFacilitatorLink, type FacilitatorLinkOptions } from "./facilitator-link.js";
import { priceFromMoney, priceInRaw } from "./price.js";
import { createServerHooks } from "./server-hooks.js";

export interface ExactNanoServerOptions extends FacilitatorLinkOptions {
  /** At least 32 bytes; a list allows rotation (the first issues). Replicas share it. Random where it is left out. */
  readonly challengeSecret?: ChallengeSecret | readonly ChallengeSecret[] | undefined;
  readonly clock?: (() => number) | undefined;
  readonly randomBytes?: RandomBytes | undefined;
  /** Told once when there is no secret. Default `console.warn`. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

const FLOWS = { supported: ["authorization", "upfront"], default: "authorization" } as const;

/** Scheme `exact` on `nano:mainnet` for a stock `x402ResourceServer`: both tracks, told apart by the entry's `extra`. */
export class ExactNanoScheme implements SchemeNetworkServer {
  readonly scheme = SCHEME;
  /** An entry that names no track is offered as Track B, whose payer can always claim what it paid (rows 8, R10). */
  readonly defaultAssetTransferMethod = "nanoSignature";
  readonly paymentFlows = { nanoTxn: FLOWS, nanoSignature: FLOWS };
  /** Core would compare the fresh nonce with the one that was signed and refuse every Track B retry. */
  readonly dynamicExtraFields = ["nonce", "validBefore"];
  readonly schemeHooks: SchemeServerHooks;
  readonly enrichSettlementPayload: (context: SettleContext) => Promise<Record<string, unknown> | undefined>;

  readonly #authority: ChallengeAuthority;
  readonly #clock: () => number;
  readonly #moneyParsers: MoneyParser[] = [];

  constructor(options: ExactNanoServerOptions = {}) {
    const randomBytes = options.randomBytes ?? systemRandomBytes;
    const secret = options.challengeSecret ?? inventChallengeSecret(options.onWarning ?? console.warn, randomBytes);
    this.#authority = createChallengeAuthority(secret, randomBytes);
    this.#clock = options.clock ?? Date.now;
    const hooks = createServerHooks({
      authority: this.#authority,
      clock: this.#clock,
      facilitator: createFacilitatorLink(options),
    });
    this.schemeHooks = hooks.schemeHooks;
    this.enrichSettlementPayload = hooks.enrichSettlementPayload;
  }

  /** For prices in other money (`"$0.001"`). A rate that floats changes the amount between the 402 and the retry: fix it. */
  registerMoneyParser(parser: MoneyParser): this {
    this.#moneyParsers.push(parser);
    return this;
  }

  async parsePrice(price: Price, network: Network): Promise<AssetAmount> {
    const raw = priceInRaw(price);
    if (raw !== undefined) return { asset: ASSET, amount: raw.toString() };
    if (typeof price === "object") return price;
    const parsed = await priceFromMoney(price, network, this.#moneyParsers);
    const amount = priceInRaw(parsed);
    if (amount === undefined) throw new NanoError("invalid_price", { why: "the money parser gave no amount of XNO" });
    return { ...parsed, amount: amount.toString() };
  }

  getAssetDecimals(): number {
    return XNO_DECIMALS;
  }

  /** Deterministic: core rebuilds the entry on the paid retry and the amount must not have moved. */
  async enhancePaymentRequirements(requirements: PaymentRequirements): Promise<PaymentRequirements> {
    const { amount, payTo, extra } = readEntry(requirements);
    const track = extra.assetTransferMethod ?? this.defaultAssetTransferMethod;
    return {
      ...requirements,
      payTo: addressOf(payTo),
      amount: (track === "nanoTxn" ? trackAAmount(amount) : trackBAmount(amount)).toString(),
      extra: { ...requirements.extra, assetTransferMethod: track },
    };
  }

  /** Core calls it once per entry and allows only new keys; MCP wrappers build `accepts` once, so it is not done earlier. */
  async enrichPaymentRequiredResponse(context: SchemePaymentRequiredContext): Promise<PaymentRequirements[]> {
    const nowSeconds = Math.floor(this.#clock() / 1000);
    return context.requirements.map((entry) => {
      if (entry.scheme !== SCHEME || entry.network !== NETWORK) return entry;
      return { ...entry, extra: { ...entry.extra, ...this.#challengeFor(entry, nowSeconds) } };
    });
  }

  #challengeFor(entry: PaymentRequirements, nowSeconds: number): Record<string, unknown> {
    const { payTo, amount, maxTimeoutSeconds, extra } = readEntry(entry);
    const validBefore = extra.validBefore ?? nowSeconds + maxTimeoutSeconds;
    if (extra.assetTransferMethod !== "nanoSignature") return { validBefore };
    const nonce = extra.nonce ?? this.#authority.issueNonce({ payTo, amountRaw: amount, validBefore });
    return { validBefore, nonce };
  }
}

/** A seller's own entry. What is wrong with it is the seller's configuration, so it throws. */
function readEntry(entry: PaymentRequirements): Requirements {
  const parsed = requirementsSchema.safeParse(entry);
  if (!parsed.success) {
    throw new NanoError("invalid_requirements", { field: parsed.error.issues[0]?.path.join(".") ?? "unknown" });
  }
  const { network, asset } = parsed.data;
  if (network !== NETWORK || asset !== ASSET) throw new NanoError("invalid_requirements", { network, asset });
  return parsed.data;
}

/** Registers the scheme and gives it back, for `registerMoneyParser`. */
export function registerExactNanoScheme(
  server: x402ResourceServer,
  options: ExactNanoServerOptions = {},
): ExactNanoScheme {
  const scheme = new ExactNanoScheme(options);
  server.register(NETWORK, scheme);
  return scheme;
}
