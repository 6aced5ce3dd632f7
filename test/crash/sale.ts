import type { BlockHash, SignedBlock } from "../../src/nano/index.js";
import type { Track } from "../../src/protocol/index.js";
import type { HandPayer } from "../support/hand-payer.js";

/** One payment, and all that was ever answered to whoever presented it. */
export interface Sale {
  readonly id: string;
  readonly track: Track;
  readonly payer: HandPayer;
  readonly block: SignedBlock;
  readonly hash: BlockHash;
  readonly answers: Answer[];
  /** The handler's runs, by attempt: whoever answered. */
  readonly runs: Run[];
}

export interface Run {
  readonly attempt: string;
  readonly status: number;
}

export interface Answer {
  readonly attempt: string;
  /** 0 where the connection broke off. */
  readonly status: number;
  /** The goods of this sale are in it. */
  readonly isServed: boolean;
  readonly reason: string | undefined;
}

export function timesServed({ answers }: Sale): number {
  return answers.filter(({ isServed }) => isServed).length;
}
