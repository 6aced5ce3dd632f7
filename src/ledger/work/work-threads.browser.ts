import { NanoError } from "../../errors/index.js";
import type { WorkCacheStorage } from "./cache-entries.js";
import type { WorkPlatform } from "./threads.js";

/** Proof of work in a page would want a worker's file, and minutes: a browser asks a work server. */
export const workPlatform: WorkPlatform = {
  countCores: () => 1,
  startThread() {
    throw onlyOnNode("node:worker_threads");
  },
};

export const openCacheFile: (path: string) => WorkCacheStorage = () => {
  throw onlyOnNode("node:fs");
};

function onlyOnNode(name: string): NanoError<"missing_dependency"> {
  return new NanoError("missing_dependency", { package: name, why: "local work is for Node" });
}
