import { createTransport } from "#transport";
import { NanoError } from "../errors/index.js";
import { hashBlock } from "../nano/index.js";
import { createConfirmations } from "./confirmations/confirmations.js";
import { createDeadlines, type Deadlines } from "./deadlines.js";
import { createMonotonicClock } from "./monotonic-clock.js";
import { type LedgerOptions, type LedgerSettings, type RpcEndpoint, readOptions } from "./options.js";
import { Member } from "./pool/member.js";
import { createPool, type Pool } from "./pool/pool.js";
import type { Ledger, WorkSource } from "./port.js";
import { createReads, limitsOf, unpack } from "./reads.js";
import { parseEndpoint } from "./rpc/endpoint.js";
import { faultFacts } from "./rpc/fault.js";
import { askWork } from "./rpc/questions.js";

/**
 * Nano nodes behind the port. Throws `invalid_configuration` at once for options that cannot work; nothing is connected
 * before the first call.
 */
export function createLedger(options: LedgerOptions): Ledger {
  const settings = readOptions(options);
  const { clock, pollIntervalMs, sleep, timeoutMs } = settings;
  const deadlines = createDeadlines({ clock, sleep });
  const pool = openPool(settings, deadlines);
  const reads = createReads(pool, settings);
  const confirmations = createConfirmations({
    pollIntervalMs,
    sleep,
    isConfirmed: (hash, signal) => reads.isConfirmed(hash, signal),
  });
  const nodeWork = createNodeWork(pool, settings);
  const work = typeof settings.work === "function" ? settings.work(nodeWork) : (settings.work ?? nodeWork);
  let isClosed = false;

  return {
    accountInfo: reads.accountInfo,
    blockInfo: reads.blockInfo,
    receivable: reads.receivable,

    async process(block, subtype, call) {
      const limits = limitsOf(call, timeoutMs, clock);
      const isThere = () => reads.isThere(hashBlock(block), limits);
      return unpack({ action: "process" }, await pool.handIn(block, subtype, { limits, isThere }));
    },

    generateWork: (root, threshold, call) => work.generateWork(root, threshold, call),
    prepareWork: (root, threshold) => work.prepareWork?.(root, threshold),
    waitForConfirmation: async (hash, wait) => !isClosed && confirmations.wait(hash, wait),

    async close() {
      isClosed = true;
      confirmations.close();
      await Promise.all([pool.close(), work.close?.()]);
      deadlines.close();
    },
  };
}

function openPool(settings: LedgerSettings, deadlines: Deadlines): Pool {
  const { clock, random, rpcEndpoints } = settings;
  const tools = { clock, random, now: createMonotonicClock(clock) };
  const open = ({ url, headers, body, requestsPerSecond }: RpcEndpoint, index: number): Member => {
    const endpoint = parseEndpoint(url, { ...settings.headers, ...headers }, body);
    return new Member(
      { name: String(index), endpoint, transport: createTransport(endpoint), requestsPerSecond },
      tools,
    );
  };
  const [first, ...others] = rpcEndpoints;
  return createPool([open(first, 0), ...others.map((other, index) => open(other, index + 1))], {
    deadlines,
    now: tools.now,
  });
}

/** `work_generate` of the nodes themselves; many public ones have it switched off. */
function createNodeWork(pool: Pool, { clock, workTimeoutMs }: LedgerSettings): WorkSource {
  return {
    async generateWork(root, threshold, call) {
      const question = askWork(root, threshold);
      const asked = await pool.ask(question, { limits: limitsOf(call, workTimeoutMs, clock) });
      if (asked.ok) return asked.result;
      throw new NanoError("work_unavailable", faultFacts(question.action, asked.member.endpoint, asked.fault));
    },
  };
}
