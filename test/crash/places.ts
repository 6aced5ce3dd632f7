import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startRedisServer } from "../support/redis-server.js";
import type { StoreKind } from "./open-store.js";

/** Where a facilitator process finds its redemptions again. */
export interface Place {
  readonly kind: StoreKind;
  /** A path or a URL. */
  readonly at: string;
  close(): Promise<void>;
}

export async function openPlace(kind: StoreKind): Promise<Place> {
  if (kind === "redis") {
    const server = await startRedisServer();
    return { kind, at: server.url, close: () => server.stop() };
  }
  const directory = await mkdtemp(join(tmpdir(), "x402-nano-crash-"));
  const close = () => rm(directory, { recursive: true, force: true });
  return { kind, at: join(directory, "redemptions.db"), close };
}
