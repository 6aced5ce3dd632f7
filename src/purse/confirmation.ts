import type { BlockHash } from "../nano/index.js";
import type { PurseParts } from "./parts.js";
import { linkedController } from "./waiting.js";

export interface ConfirmationWatch {
  /** `false`: not within the time, or the node could not say. */
  readonly isConfirmed: Promise<boolean>;
  stop(): void;
}

/** Started before `process`, a push carries no history; a look for the block has time until `published`. */
export function watchConfirmation(
  parts: PurseParts,
  hash: BlockHash,
  untilMs: number,
  published?: Promise<unknown>,
): ConfirmationWatch {
  const { ledger, signer, settings, closing } = parts;
  const { controller, unlink } = linkedController(closing);
  const timeoutMs = Math.max(0, untilMs - settings.clock());
  const wait = { account: signer.account, timeoutMs, signal: controller.signal, after: published };
  return {
    isConfirmed: ledger
      .waitForConfirmation(hash, wait)
      .catch(() => false)
      .finally(unlink),
    stop: () => {
      controller.abort();
    },
  };
}
