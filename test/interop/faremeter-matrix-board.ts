import type { Track } from "x402-nano/client";
import { VERSIONS, type Version } from "../support/faremeter-buyers.js";
import { FAREMETER_PLACES, type FaremeterPlace } from "../support/faremeter-sellers.js";

/** One combination of the matrix. */
export interface CellName {
  readonly place: FaremeterPlace;
  readonly version: Version;
  readonly track: Track;
}

/** What really ran: nothing is entered in advance, so a cell that did not run is missing. */
export interface Board {
  /** Counts a check as begun before it runs, and as passed once it has. */
  check<Result>(cell: CellName, run: () => Promise<Result>): Promise<Result>;
  readonly cells: readonly CellName[];
  /** Cells that did not run, did not pass, or ran another number of checks than their column's longest. */
  gaps(): string[];
  toString(): string;
}

const TRACK_LETTERS = { nanoTxn: "A", nanoSignature: "B" } as const satisfies Record<Track, string>;
const COLUMNS = VERSIONS.flatMap((version) =>
  (["nanoTxn", "nanoSignature"] as const).map((track) => ({ version, track })),
);
const CELLS: readonly CellName[] = FAREMETER_PLACES.flatMap((place) => COLUMNS.map((column) => ({ place, ...column })));

export function createBoard(): Board {
  const tallies = new Map<string, { begun: number; passed: number }>();
  const textOf = (cell: CellName): string => {
    const tally = tallies.get(nameOf(cell));
    if (tally === undefined) return "missing";
    return tally.passed === tally.begun ? String(tally.passed) : `${String(tally.passed)} of ${String(tally.begun)}`;
  };
  const passedIn = (cell: CellName): number => tallies.get(nameOf(cell))?.passed ?? 0;
  const isWhole = (cell: CellName): boolean => {
    const column = CELLS.filter(({ version, track }) => version === cell.version && track === cell.track);
    const longest = Math.max(...column.map(passedIn));
    return longest > 0 && textOf(cell) === String(longest);
  };
  return {
    cells: CELLS,
    async check(cell, run) {
      const tally = tallies.get(nameOf(cell)) ?? { begun: 0, passed: 0 };
      tallies.set(nameOf(cell), tally);
      tally.begun += 1;
      const result = await run();
      tally.passed += 1;
      return result;
    },
    gaps: () => CELLS.filter((cell) => !isWhole(cell)).map((cell) => `${nameOf(cell)}: ${textOf(cell)}`),
    toString() {
      const line = (head: string, texts: readonly string[]): string =>
        [head.padEnd(22), ...texts.map((text) => text.padStart(11))].join("");
      return [
        line("checks passed", COLUMNS.map(columnName)),
        ...FAREMETER_PLACES.map((place) =>
          line(
            place,
            COLUMNS.map((column) => textOf({ place, ...column })),
          ),
        ),
      ].join("\n");
    },
  };
}

function columnName({ version, track }: Pick<CellName, "version" | "track">): string {
  return `v${String(version)} ${TRACK_LETTERS[track]}`;
}

export function nameOf(cell: CellName): string {
  return `${cell.place}, ${columnName(cell)}`;
}
