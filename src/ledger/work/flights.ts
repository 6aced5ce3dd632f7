import { NanoError } from "../../errors/index.js";
import type { WorkCallOptions, WorkRoot } from "../port.js";
import { quietly } from "./check.js";

/** Searches that are under way, each for everybody who waits for it, and those that nobody waits for yet. */
export interface Flights {
  /** Joins the search for the same work, or starts it. The caller leaves when `signal` aborts, as it must in the end. */
  join(root: WorkRoot, threshold: bigint, signal: AbortSignal, onProgress: OnProgress): Promise<string>;
  /** Searches ahead, one root at a time, and only while nobody waits for any work. */
  prepare(root: WorkRoot, threshold: bigint): void;
  close(): void;
}

export interface FlightSettings {
  readonly search: (root: WorkRoot, threshold: bigint, options: WorkCallOptions) => Promise<string>;
  readonly isKnown: (root: WorkRoot, threshold: bigint) => boolean;
  /** More roots to prepare than this, and the oldest is forgotten. */
  readonly maxWanted: number;
}

type OnProgress = WorkCallOptions["onProgress"];

interface Flight {
  readonly root: WorkRoot;
  readonly threshold: bigint;
  readonly isAhead: boolean;
  readonly stop: AbortController;
  readonly work: Promise<string>;
}

interface Waiter {
  readonly onProgress: OnProgress;
  stop?: AbortController;
}

export function createFlights({ search, isKnown, maxWanted }: FlightSettings): Flights {
  const flights = new Map<string, Flight>();
  const waiters = new Set<Waiter>();
  let wanted = new Map<WorkRoot, bigint>();
  let isClosed = false;

  const isWaitedFor = ({ stop }: Flight): boolean => [...waiters].some((waiter) => waiter.stop === stop);

  const start = (root: WorkRoot, threshold: bigint, isAhead: boolean): Flight => {
    const key = keyOf(root, threshold);
    const stop = new AbortController();
    const found = search(root, threshold, {
      signal: stop.signal,
      onProgress: (progress) => {
        for (const waiter of waiters) if (waiter.stop === stop) quietly(() => waiter.onProgress?.(progress));
      },
    });
    const work = found.finally(() => {
      if (flights.get(key)?.stop === stop) flights.delete(key);
      arrange();
    });
    // What fails in the background is searched for again when somebody asks.
    work.catch(() => undefined);
    const flight = { root, threshold, isAhead, stop, work };
    flights.set(key, flight);
    return flight;
  };

  const drop = (flight: Flight): void => {
    flights.delete(keyOf(flight.root, flight.threshold));
    flight.stop.abort();
    if (flight.isAhead) wanted = new Map([[flight.root, flight.threshold], ...wanted]);
  };

  /** Asked after every change: who waits comes before what is prepared, and what nobody wants ends. */
  const arrange = (): void => {
    const isBusy = waiters.size > 0;
    for (const flight of flights.values()) {
      if (!isWaitedFor(flight) && (isBusy || !flight.isAhead)) drop(flight);
    }
    if (isBusy || flights.size > 0) return;
    for (const [root, threshold] of wanted) {
      wanted.delete(root);
      if (isKnown(root, threshold)) continue;
      start(root, threshold, true);
      return;
    }
  };

  return {
    async join(root, threshold, signal, onProgress) {
      if (signal.aborted) throw new NanoError("work_unavailable", { why: "aborted" });
      const waiter: Waiter = { onProgress };
      const leave = (): void => {
        waiters.delete(waiter);
        arrange();
      };
      waiters.add(waiter);
      signal.addEventListener("abort", leave, { once: true });
      for (;;) {
        const flight = flights.get(keyOf(root, threshold)) ?? start(root, threshold, false);
        waiter.stop = flight.stop;
        arrange();
        try {
          return await flight.work;
        } catch (error) {
          // A search that began before anybody waited may have run into an outage that is over.
          if (!flight.isAhead || !waiters.has(waiter)) throw error;
        }
      }
    },
    prepare(root, threshold) {
      if (isClosed) return;
      const known = wanted.get(root) ?? 0n;
      wanted.set(root, threshold > known ? threshold : known);
      for (const oldest of wanted.keys()) {
        if (wanted.size <= maxWanted) break;
        wanted.delete(oldest);
      }
      arrange();
    },
    close() {
      isClosed = true;
      wanted.clear();
      for (const flight of flights.values()) flight.stop.abort();
    },
  };
}

function keyOf(root: WorkRoot, threshold: bigint): string {
  return `${root}:${threshold}`;
}
