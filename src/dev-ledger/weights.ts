import type { PublicKey } from "../nano/index.js";

/** How much is delegated to whom, by the heads of all accounts. */
export class Weights {
  readonly #byRepresentative = new Map<PublicKey, bigint>();

  of(representative: PublicKey): bigint {
    return this.#byRepresentative.get(representative) ?? 0n;
  }

  add(representative: PublicKey, differenceRaw: bigint): void {
    const weightRaw = this.of(representative) + differenceRaw;
    if (weightRaw === 0n) this.#byRepresentative.delete(representative);
    else this.#byRepresentative.set(representative, weightRaw);
  }

  entries(): Iterable<readonly [PublicKey, bigint]> {
    return this.#byRepresentative.entries();
  }
}
