/** What the files of `bench/` have in common: one line for the machine, a table, a JSON line, medians of several rounds. */
import { cpus } from "node:os";

export interface Row {
  readonly name: string;
  readonly perSecond: number;
  /** Further columns of the table. */
  readonly more?: Readonly<Record<string, string | number>>;
}

const ROUNDS = 5;

export function describeMachine(): string {
  return `Node ${process.version}, ${String(cpus().length)} × ${cpus()[0]?.model ?? "unknown processor"}`;
}

/** A table with each row as a multiple of `base`, and the same as a JSON line. */
export function report(title: string, base: string, rows: readonly Row[]): void {
  const reference = rows.find(({ name }) => name === base)?.perSecond ?? Number.NaN;
  console.log(`\n${title}`);
  console.table(
    Object.fromEntries(
      rows.map(({ name, perSecond, more }) => [
        name,
        {
          "per second": Math.round(perSecond),
          µs: (1e6 / perSecond).toFixed(2),
          ...more,
          [`× ${base}`]: (perSecond / reference).toFixed(1),
        },
      ]),
    ),
  );
  console.log(JSON.stringify({ title, machine: describeMachine(), rows }));
}

/** Calls per CPU second, the median of five rounds of `roundMs`. */
export function measurePerCpuSecond(job: () => unknown, roundMs = 300): number {
  const rates: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = process.cpuUsage();
    let count = 0;
    for (const until = performance.now() + roundMs; performance.now() < until; count += 10) {
      for (let times = 0; times < 10; times += 1) job();
    }
    rates.push((count * 1e6) / cpuMicrosecondsSince(before));
  }
  return median(rates);
}

export function cpuMicrosecondsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

export function median(values: readonly number[]): number {
  return [...values].sort((left, right) => left - right)[Math.floor(values.length / 2)] ?? Number.NaN;
}
