import { NanoError } from "../../errors/index.js";
import { addressOf, type PublicKey } from "../../nano/index.js";
import { type HostPattern, isCoveredBy, isNamedBy } from "./host.js";

/** Who may be paid at all. Absent lists say nothing; an empty list of what is allowed allows nothing. */
export interface AccessLists {
  readonly allowHosts?: readonly HostPattern[] | undefined;
  readonly denyHosts?: readonly HostPattern[] | undefined;
  readonly allowPayTo?: ReadonlySet<PublicKey> | undefined;
  readonly denyPayTo?: ReadonlySet<PublicKey> | undefined;
}

export interface Receiver {
  readonly payTo: PublicKey;
  readonly host: string | undefined;
}

/** Denied wins over allowed; a purchase whose host is not known is on no list of hosts. Throws `payment_not_allowed`. */
export function assertAllowed(lists: AccessLists, receiver: Receiver): void {
  const setting = findObjection(lists, receiver);
  if (setting === undefined) return;
  const { payTo, host = "unknown" } = receiver;
  throw new NanoError("payment_not_allowed", { setting, host, payTo: addressOf(payTo) });
}

function findObjection(
  { allowHosts, denyHosts, allowPayTo, denyPayTo }: AccessLists,
  { payTo, host }: Receiver,
): keyof AccessLists | undefined {
  if (host !== undefined && denyHosts?.some((pattern) => isCoveredBy(pattern, host)) === true) return "denyHosts";
  if (denyPayTo?.has(payTo) === true) return "denyPayTo";
  const isHostNamed = host !== undefined && allowHosts?.some((pattern) => isNamedBy(pattern, host)) === true;
  if (allowHosts !== undefined && !isHostNamed) return "allowHosts";
  return allowPayTo?.has(payTo) === false ? "allowPayTo" : undefined;
}
