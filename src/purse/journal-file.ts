import type { PublicKey } from "../nano/index.js";
import type { Journal } from "./journal.js";

export interface JournalFileOptions {
  /**
   * Whose payments it keeps, the main account first. They are written into the file when it is made. The main account
   * never changes; others may be added later, and left out while none of their payments is open.
   */
  readonly accounts: readonly PublicKey[];
  /** Milliseconds since 1970. */
  readonly clock?: (() => number) | undefined;
}

/**
 * A journal in a file, for one process: another one that opens it is told so at once. What was written is on the disk
 * before the write resolves. A file that is not there is made, and its folder; a relative path starts at the working
 * directory, so that a program that is started elsewhere would find another file, with nothing spent.
 *
 * Throws `invalid_configuration` for what is no path, `account_mismatch` for another purse's file, `store_unavailable`
 * where it is open elsewhere or cannot be written, `store_unusable` where it is damaged, newer, or no journal (it is left
 * as it is), `missing_dependency` without libsql and in browsers.
 */
export type OpenJournalFile = (path: string, options: JournalFileOptions) => Promise<Journal>;
