import { z } from "zod";
import { NanoError } from "../../errors/index.js";
import type { FaultLimits } from "./plans.js";
import type { FaultMoment, Meanwhile, RewrittenAnswer, RpcFault, WrongAnswer } from "./rpc-fault.js";
import type { WebsocketFault, WrongConfirmation } from "./websocket-fault.js";

/** Which requests a fault is for, and how many of them. */
export interface RpcFaultScope extends FaultLimits {
  /** The `action` of the request, or several; default: all requests, those without an action too. */
  readonly action?: string | readonly string[] | undefined;
}

const delayMs = z
  .int()
  .min(0)
  .max(2 ** 31 - 1);
const when: z.ZodType<FaultMoment> = z.enum(["before", "after"]);
const optionalWhen = when.optional();
const action = z.string().min(1);

function callback<Callback>(): z.ZodType<Callback> {
  return z.custom<Callback>((value) => typeof value === "function", "must be a function");
}

const promise = z.custom<PromiseLike<unknown>>(
  (value) => typeof value === "object" && value !== null && "then" in value,
  "must be a promise",
);

const limits = z.strictObject({ times: z.int().min(1).optional(), skip: z.int().min(0).optional() });
const scope: z.ZodType<RpcFaultScope> = limits.extend({
  action: z.union([action, z.array(action).min(1)]).optional(),
});

const rpcFault: z.ZodType<RpcFault> = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("late"), ms: delayMs, when: optionalWhen }),
  z.strictObject({ kind: z.literal("held"), until: promise, when: optionalWhen }),
  z.strictObject({ kind: z.literal("dropped"), when }),
  z.strictObject({ kind: z.literal("silent"), when: optionalWhen }),
  z.strictObject({
    kind: z.literal("status"),
    status: z.int().min(200).max(599),
    retryAfter: z.union([z.int().min(0), z.string().regex(/^[\x20-\x7e]+$/)]).optional(),
    body: z.union([z.string(), z.record(z.string(), z.unknown())]).optional(),
  }),
  z.strictObject({ kind: z.literal("html"), status: z.int().min(200).max(599).optional() }),
  z.strictObject({ kind: z.literal("truncated"), announced: z.enum(["short", "full"]).optional() }),
  z.strictObject({ kind: z.literal("error"), error: z.string() }),
  z.strictObject({ kind: z.literal("wrong"), answer: callback<WrongAnswer["answer"]>() }),
  z.strictObject({ kind: z.literal("rewritten"), text: callback<RewrittenAnswer["text"]>() }),
  z.strictObject({ kind: z.literal("meanwhile"), when, run: callback<Meanwhile["run"]>() }),
]);

const websocketFault: z.ZodType<WebsocketFault> = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("lost") }),
  z.strictObject({ kind: z.literal("late"), ms: delayMs }),
  z.strictObject({ kind: z.literal("reversed"), count: z.int().min(2) }),
  z.strictObject({ kind: z.literal("duplicated") }),
  z.strictObject({ kind: z.literal("malformed"), text: z.string().optional() }),
  z.strictObject({ kind: z.literal("wrong"), message: callback<WrongConfirmation["message"]>() }),
  z.strictObject({ kind: z.literal("silent") }),
  z.strictObject({ kind: z.literal("refused"), status: z.int().min(400).max(599).optional() }),
]);

export const checkRpcFault = (fault: RpcFault): RpcFault => check(rpcFault, fault, "fault");
export const checkWebsocketFault = (fault: WebsocketFault): WebsocketFault => check(websocketFault, fault, "fault");
export const checkScope = (given: RpcFaultScope): RpcFaultScope => check(scope, given, "scope");
export const checkLimits = (given: FaultLimits): FaultLimits => check(limits, given, "limits");

/** A fault that cannot strike would let a test pass that tests nothing. */
function check<Checked>(schema: z.ZodType<Checked>, given: Checked, setting: string): Checked {
  const read = schema.safeParse(given);
  if (read.success) return read.data;
  const issue = read.error.issues[0];
  const name = [setting, ...(issue?.path ?? [])].map(String).join(".");
  throw new NanoError("invalid_configuration", { setting: name, why: issue?.message ?? "" });
}
