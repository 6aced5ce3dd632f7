import type { Scheduler } from "fast-check";
import type { Ledger } from "x402-nano/rpc";
import type { RedemptionStore } from "../../src/store/port.js";

/**
 * The target, each of whose calls happens when the scheduler says so, and whose answer arrives when it says so: all
 * orders in which concurrent callers can meet.
 */
export function interleaved<Target extends Ledger | RedemptionStore>(target: Target, scheduler: Scheduler): Target {
  return new Proxy(target, {
    get(_, name, receiver) {
      const member: unknown = Reflect.get(target, name, receiver);
      if (typeof member !== "function") return member;
      return async (...args: unknown[]) => {
        await scheduler.schedule(Promise.resolve(), `ask ${String(name)}`);
        try {
          return await Reflect.apply(member, target, args);
        } finally {
          await scheduler.schedule(Promise.resolve(), `answer ${String(name)}`);
        }
      };
    },
  });
}
