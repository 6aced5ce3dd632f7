import { openSocket } from "#socket";
import { createTransport } from "#transport";
import { NanoError } from "../errors/index.js";
import { hashBlock } from "../nano/index.js";
import { createConfirmations } from "./confirmations/index.js";
import { createDeadlines, type Deadlines } from "./deadlines.js";
import { createHandedIn } from "./handed-in.js";
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
  const { agreement, onWarning, pollIntervalMs, random, rpcEndpoints, timeoutMs, websocket } = settings;
  const now = createMonotonicClock(settings.clock);
  const deadlines = createDeadlines(settings);
  const pool = openPool(settings, { deadlines, now });
  const reads = createReads(pool, settings);
  const handedIn = createHandedIn({
    now,
    spread: (block, subtype) => pool.spread(block, subtype, limitsOf(undefined, timeoutMs, now)),
  });
  const confirmations = createConfirmations({
    deadlines,
    pollIntervalMs,
    random,
    onNotice: onWarning,
    socket: websocket && { ...websocket, openSocket },
    lookAfterPush: agreement > 1,
    async isConfirmed(hash, signal) {
      const isConfirmed = await reads.isConfirmed(hash, signal);
      handedIn.noteLook(hash, isConfirmed);
      return isConfirmed;
    },
  });
  const nodeWork = createNodeWork(pool, settings, now);
  const work = typeof settings.work === "function" ? settings.work(nodeWork) : (settings.work ?? nodeWork);

  return {
    accountInfo: reads.accountInfo,
    blockInfo: reads.blockInfo,
    receivable: reads.receivable,

    async process(block, subtype, call) {
      const limits = limitsOf(call, timeoutMs, now);
      const hash = hashBlock(block);
      confirmations.noteHandIn(hash);
      if (rpcEndpoints.length > 1) handedIn.note(block, subtype);
      const isThere = () => reads.isThere(hash, limits);
      const asked = await pool.handIn(block, subtype, { limits, isThere });
      const isNowhere = asked.ok
        ? asked.result.outcome === "refused" && asked.result.mayHaveLanded !== true
        : !asked.fault.sent;
      if (isNowhere) handedIn.forget(hash);
      return unpack({ action: "process" }, asked);
    },

    generateWork: (root, threshold, call) => work.generateWork(root, threshold, call),
    prepareWork: (root, threshold) => work.prepareWork?.(root, threshold),
    waitForConfirmation: (hash, wait) => confirmations.wait(hash, wait),

    async close() {
      confirmations.close();
      await Promise.all([pool.close(), work.close?.()]);
      deadlines.close();
    },
  };
}

interface PoolTime {
  readonly deadlines: Deadlines;
  readonly now: () => number;
}

function openPool(settings: LedgerSettings, time: PoolTime): Pool {
  const { clock, random, rpcEndpoints } = settings;
  const open = ({ url, headers, body, requestsPerSecond }: RpcEndpoint, index: number): Member => {
    const endpoint = parseEndpoint(url, { ...settings.headers, ...headers }, body);
    const transport = createTransport(endpoint);
    return new Member(
      { name: String(index), endpoint, transport, requestsPerSecond },
      { clock, random, now: time.now },
    );
  };
  const [first, ...others] = rpcEndpoints;
  return createPool([open(first, 0), ...others.map((other, index) => open(other, index + 1))], time);
}

/** `work_generate` of the nodes themselves; many public ones have it switched off. */
function createNodeWork(pool: Pool, { workTimeoutMs }: LedgerSettings, now: () => number): WorkSource {
  return {
    async generateWork(root, threshold, call) {
      const question = askWork(root, threshold);
      const asked = await pool.ask(question, { limits: limitsOf(call, workTimeoutMs, now) });
      if (asked.ok) return asked.result;
      throw new NanoError("work_unavailable", faultFacts(question.action, asked.member.endpoint, asked.fault));
    },
  };
}
