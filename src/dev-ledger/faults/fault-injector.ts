import { NanoError } from "../../errors/index.js";
import type { Schedule } from "../confirmations.js";
import type { RpcReply } from "../http-server.js";
import { JsonFields, parseJson } from "../json-fields.js";
import { checkLimits, checkRpcFault, checkScope, checkWebsocketFault, type RpcFaultScope } from "./check-faults.js";
import { Delays } from "./delays.js";
import { type FaultLimits, type PlannedFault, Plans } from "./plans.js";
import type { RpcFault } from "./rpc-fault.js";
import { createSpoiler, type SpoilRequest, toObject } from "./spoil-rpc.js";
import { type ConfirmationSpoiler, createConfirmationSpoiler, type Deliver } from "./spoil-websocket.js";
import type { WebsocketFault } from "./websocket-fault.js";

const REFUSED_STATUS = 503;

/** The faults of one node, at its two doors. The ledger behind them stays honest. */
export class FaultInjector {
  readonly #delays: Delays;
  readonly #requests: Plans<SpoilRequest>;
  readonly #confirmations: Plans<ConfirmationSpoiler>;
  readonly #silences: Plans<true>;
  readonly #refusals: Plans<number>;
  #hits = 0;

  constructor(schedule: Schedule) {
    const onHit = (): void => {
      this.#hits += 1;
    };
    this.#delays = new Delays(schedule);
    this.#requests = new Plans(onHit);
    this.#confirmations = new Plans(onHit);
    this.#silences = new Plans(onHit);
    this.#refusals = new Plans(onHit);
  }

  get hits(): number {
    return this.#hits;
  }

  planRpc(fault: RpcFault, scope: RpcFaultScope = {}): PlannedFault {
    const effect = createSpoiler(checkRpcFault(fault), this.#delays);
    const { action, times, skip } = checkScope(scope);
    if (action === undefined) return this.#requests.add({ effect, times, skip });
    const actions = new Set(typeof action === "string" ? [action] : action);
    return this.#requests.add({ effect, times, skip, applies: (name) => actions.has(name) });
  }

  planWebsocket(fault: WebsocketFault, limits: FaultLimits = {}): PlannedFault {
    const checked = checkWebsocketFault(fault);
    const { times, skip } = checkLimits(limits);
    if (checked.kind === "silent") return this.#silences.add({ effect: true, times, skip });
    if (checked.kind === "refused") {
      return this.#refusals.add({ effect: checked.status ?? REFUSED_STATUS, times, skip });
    }
    const effect = createConfirmationSpoiler(checked, this.#delays);
    const { onEnd = () => undefined } = effect;
    return this.#confirmations.add({ effect, times, skip, onEnd });
  }

  clear(): void {
    for (const plans of [this.#requests, this.#confirmations, this.#silences, this.#refusals]) plans.clear();
  }

  /** undefined where nothing is planned for this request: it is answered as ever. */
  spoilRequest(body: string, take: () => Promise<string>): Promise<RpcReply> | undefined {
    if (this.#requests.isEmpty) return undefined;
    const value = parseJson(body)?.value;
    // A closed node takes nothing any more, whatever waited for its time.
    const takeWhileOpen = async (): Promise<string> => {
      if (this.#delays.isClosed) throw new NanoError("ledger_unavailable", { why: "closed" });
      return take();
    };
    const action = new JsonFields(value).optionalText("action");
    return this.#requests.strike((spoil) => spoil(toObject(value), takeWhileOpen), action);
  }

  spoilConfirmation(text: string, deliver: Deliver): void {
    const isSpoiled = this.#confirmations.strike(({ spoil }) => {
      spoil(text, deliver);
      return true;
    });
    if (isSpoiled === undefined) deliver(text);
  }

  /** Whether the message that is about to be sent is not. */
  isSilent(): boolean {
    return this.#silences.strike(() => true) ?? false;
  }

  /** The status with which the next connection is turned away; undefined: it is let in. */
  refusedStatus(): number | undefined {
    return this.#refusals.strike((status) => status);
  }

  close(): void {
    this.#delays.close();
  }
}
