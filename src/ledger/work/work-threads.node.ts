import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { z } from "zod";
import { ATTEMPTS_AT, STOP_AT, type ThreadEvents, type WorkPlatform, type WorkThread } from "./threads.js";

export { openCacheFile } from "./cache-file.node.js";

/** 0.4 ms, and 8 ms in the first moments of a process, before V8 has optimised the kernel. */
const ATTEMPTS_PER_LOOK = 4096;

/** As text, so that there is no file to find: it is the same under a test runner, in a bundle and in the package. */
const SCRIPT = `
const { parentPort, workerData } = require("node:worker_threads");
const { search } = new WebAssembly.Instance(workerData).exports;
parentPort.on("message", ({ id, rootWords, threshold, start, signals }) => {
  const stop = new Int32Array(signals, ${STOP_AT}, 1);
  const attempts = new BigInt64Array(signals, ${ATTEMPTS_AT}, 1);
  for (let nonce = start; Atomics.load(stop, 0) === 0; nonce += ${ATTEMPTS_PER_LOOK}n) {
    const tried = search(nonce, ${ATTEMPTS_PER_LOOK}, ...rootWords, threshold);
    Atomics.add(attempts, 0, BigInt(tried));
    if (tried === ${ATTEMPTS_PER_LOOK}) continue;
    Atomics.store(stop, 0, 1);
    parentPort.postMessage({ id, nonce: BigInt.asUintN(64, nonce + BigInt(tried)) });
  }
});
`;

const found = z.object({ id: z.number(), nonce: z.bigint() });

export const workPlatform: WorkPlatform = {
  countCores: availableParallelism,

  startThread(module: WebAssembly.Module, { onFound, onDeath }: ThreadEvents): WorkThread {
    // Neither the process's flags (a loader would be loaded again) nor its environment (secrets) are of any use to it.
    const worker = new Worker(SCRIPT, {
      eval: true,
      workerData: module,
      name: "x402-nano work",
      execArgv: [],
      env: {},
    });
    let cause: unknown;
    worker.on("message", (message: unknown) => {
      const read = found.safeParse(message);
      if (read.success) onFound(read.data.id, read.data.nonce);
    });
    worker.on("error", (error) => {
      cause = error;
    });
    worker.on("exit", () => {
      onDeath(cause);
    });
    return {
      search(search) {
        worker.postMessage(search);
      },
      hold(isBusy) {
        if (isBusy) worker.ref();
        else worker.unref();
      },
      async end() {
        await worker.terminate();
      },
    };
  },
};
