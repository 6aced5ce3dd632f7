import { parseJson } from "../json-fields.js";
import { printJson } from "../print-json.js";
import { callbackFailed } from "./callback-failed.js";
import type { Delays } from "./delays.js";
import { toObject } from "./spoil-rpc.js";
import type { ConfirmationFault } from "./websocket-fault.js";

/** Sends a text to everybody whom the honest message was for. */
export type Deliver = (text: string) => void;

export interface ConfirmationSpoiler {
  readonly spoil: (honest: string, deliver: Deliver) => void;
  /** When the fault is over. */
  readonly onEnd?: () => void;
}

const HALF_A_MESSAGE = '{\n    "topic": "confirmation",\n    "message": {\n        "account": "nano_';

export function createConfirmationSpoiler(fault: ConfirmationFault, delays: Delays): ConfirmationSpoiler {
  switch (fault.kind) {
    case "lost":
      return { spoil: () => undefined };
    case "late":
      return {
        spoil: (honest, deliver) => {
          delays.run(() => {
            deliver(honest);
          }, fault.ms);
        },
      };
    case "reversed":
      return collectAndReverse(fault.count);
    case "duplicated":
      return {
        spoil: (honest, deliver) => {
          deliver(honest);
          deliver(honest);
        },
      };
    case "malformed":
      return {
        spoil: (_honest, deliver) => {
          deliver(fault.text ?? HALF_A_MESSAGE);
        },
      };
    case "wrong":
      return {
        spoil: (honest, deliver) => {
          deliver(changeMessage(honest, fault.message));
        },
      };
  }
}

function collectAndReverse(count: number): ConfirmationSpoiler {
  let collected: (() => void)[] = [];
  const tell = (): void => {
    const reversed = collected.reverse();
    collected = [];
    for (const deliver of reversed) deliver();
  };
  return {
    spoil: (honest, deliver) => {
      collected.push(() => {
        deliver(honest);
      });
      if (collected.length === count) tell();
    },
    onEnd: tell,
  };
}

/** What the callback throws must not reach the ledger, which is about to confirm a block. */
function changeMessage(honest: string, change: (honest: ReturnType<typeof toObject>) => unknown): string {
  try {
    return printJson(change(toObject(parseJson(honest)?.value)));
  } catch (error) {
    return callbackFailed(error).message;
  }
}
