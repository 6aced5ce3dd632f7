import type { AssetAmount, MoneyParser, Network, Price } from "@x402/core/types";
import { isNanoError, NanoError } from "../../errors/index.js";
import { parseAmount, parseRaw } from "../../nano/index.js";
import { ASSET } from "../../protocol/index.js";

const HAS_UNIT = /(?:XNO|raw)$/;

/**
 * `"0.001 XNO"`, `"1000 raw"`, raw as bigint, or `{asset: "XNO", amount: "<raw>"}` → raw; undefined for money without
 * a unit (`"$0.001"`, `0.001`, `"0.001"` arrive alike), which only a parser of the user's can turn into Nano.
 * Throws `invalid_price`.
 */
export function priceInRaw(price: Price | bigint): bigint | undefined {
  const raw = readPrice(price);
  if (raw === 0n) throw new NanoError("invalid_price", { why: "the price must be more than zero" });
  return raw;
}

function readPrice(price: Price | bigint): bigint | undefined {
  if (typeof price === "bigint") return parsed(() => parseRaw(price.toString()));
  if (typeof price === "number") return undefined;
  if (typeof price === "string") return HAS_UNIT.test(price) ? parsed(() => parseAmount(price)) : undefined;
  if (price.asset !== ASSET) throw new NanoError("invalid_price", { why: "the asset must be XNO", seen: price.asset });
  return parsed(() => parseRaw(price.amount));
}

/** Asks the user's parsers in turn, as the host's own schemes do. The first that answers decides. */
export async function priceFromMoney(
  price: string | number,
  network: Network,
  parsers: readonly MoneyParser[],
): Promise<AssetAmount> {
  for (const parse of parsers) {
    const amount = await parse(price, network);
    if (amount !== null) return amount;
  }
  throw new NanoError("invalid_price", {
    why: 'write "0.001 XNO" or {asset: "XNO", amount: "<raw>"}, or register a money parser for other money',
    seen: String(price).slice(0, 40),
  });
}

function parsed(read: () => bigint): bigint {
  try {
    return read();
  } catch (error) {
    throw isNanoError(error) ? new NanoError("invalid_price", error.facts, error) : error;
  }
}
