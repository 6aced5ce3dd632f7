import { createTransport } from "#transport";
import { NanoError } from "../errors/index.js";
import { createConfirmations } from "./confirmations/confirmations.js";
import { type LedgerOptions, readOptions } from "./options.js";
import { type Asked, askInTurn, askOnce, type Door, type Limits } from "./pool/asker.js";
import type { CallOptions, Ledger } from "./port.js";
import { type Endpoint, parseEndpoint } from "./rpc/endpoint.js";
import { faultFacts, toUnavailable } from "./rpc/fault.js";
import { askAccountInfo, askBlockInfo, askProcess, askReceivable, askWork, type Question } from "./rpc/questions.js";

/**
 * A Nano node's RPC behind the port. Throws `invalid_configuration` at once for options that cannot work; nothing is
 * connected before the first call.
 */
export function createLedger(options: LedgerOptions): Ledger {
  const { rpcUrls, headers, timeoutMs, workTimeoutMs, pollIntervalMs, clock, sleep } = readOptions(options);
  const open = (url: string): Door => {
    const endpoint = parseEndpoint(url, headers);
    return { endpoint, transport: createTransport(endpoint) };
  };
  const [firstUrl, ...otherUrls] = rpcUrls;
  const doors: readonly [Door, ...Door[]] = [open(firstUrl), ...otherUrls.map(open)];
  let isClosed = false;

  /** A caller's `timeoutMs` is for the whole call, ours for each attempt. */
  const limitsOf = (call: CallOptions | undefined, attemptMs: number): Limits => {
    const endsAtMs = call?.timeoutMs === undefined ? undefined : clock() + call.timeoutMs;
    return {
      signal: call?.signal,
      attemptMs: () => (endsAtMs === undefined ? attemptMs : Math.min(attemptMs, endsAtMs - clock())),
    };
  };

  const ask = async <Result>(question: Question<Result>, limits: Limits): Promise<Asked<Result>> =>
    isClosed ? closedAnswer(doors[0].endpoint) : askInTurn(doors, question, limits);

  const read = async <Result>(question: Question<Result>, call: CallOptions | undefined): Promise<Result> => {
    const asked = await ask(question, limitsOf(call, timeoutMs));
    if (!asked.ok) throw toUnavailable(question.action, asked.endpoint, asked.fault);
    return asked.result;
  };

  const confirmations = createConfirmations({
    pollIntervalMs,
    sleep,
    isConfirmed: async (hash, signal) => {
      const asked = await ask(askBlockInfo(hash), limitsOf({ signal }, timeoutMs));
      return asked.ok && asked.result?.confirmed === true;
    },
  });

  return {
    accountInfo: (account, call) => read(askAccountInfo(account), call),
    blockInfo: (hash, call) => read(askBlockInfo(hash), call),
    receivable: (account, call) => read(askReceivable(account), call),

    async process(block, subtype, call) {
      const question = askProcess(block, subtype);
      const asked = isClosed
        ? closedAnswer(doors[0].endpoint)
        : await askOnce(doors[0], question, {
            signal: call?.signal,
            timeoutMs: call?.timeoutMs ?? timeoutMs,
            connection: "fresh",
          });
      if (!asked.ok) throw toUnavailable(question.action, asked.endpoint, asked.fault);
      return asked.result;
    },

    async generateWork(root, threshold, call) {
      const question = askWork(root, threshold);
      const asked = await ask(question, limitsOf(call, workTimeoutMs));
      if (!asked.ok) throw new NanoError("work_unavailable", faultFacts(question.action, asked.endpoint, asked.fault));
      return asked.result;
    },

    waitForConfirmation: async (hash, wait) => !isClosed && confirmations.wait(hash, wait),

    async close() {
      isClosed = true;
      confirmations.close();
      await Promise.all(doors.map((door) => door.transport.close()));
    },
  };
}

function closedAnswer(endpoint: Endpoint): Asked<never> {
  return { ok: false, endpoint, fault: { kind: "closed", sent: false } };
}
