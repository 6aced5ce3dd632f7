import { createResponseReplay, type ResponseReplayOptions } from "x402-nano/server";
import { encodeHeader } from "../../../src/protocol/index.js";
import { createManualTime, type ManualTime } from "../../support/manual-time.js";

export const ID = "pay_7d5d747be160e280504c099d984bcfe0";
export const SETTLED = encodeHeader({ success: true, transaction: "AB" });

export function payment(proof: unknown = "a", id: unknown = ID): string {
  const extensions = { "payment-identifier": { info: { required: false, id } } };
  return encodeHeader({ x402Version: 2, accepted: {}, payload: { proof }, extensions });
}

export function ask(header: string | null = payment(), init: RequestInit & { url?: string } = {}): Request {
  const { url = "https://shop.example/a?b=1", ...rest } = init;
  const request = new Request(url, rest);
  if (header !== null) request.headers.set("PAYMENT-SIGNATURE", header);
  return request;
}

export const paid = (body: BodyInit | null = "paid", init: ResponseInit = {}): Response =>
  new Response(body, { ...init, headers: { "PAYMENT-RESPONSE": SETTLED, ...init.headers } });

/** What comes after the replay: counts, and answers what it is told. */
export function openShop(options: ResponseReplayOptions = {}, time: ManualTime = createManualTime()) {
  const warnings: string[] = [];
  const replay = createResponseReplay({
    clock: time.clock,
    sleep: time.sleep,
    onWarning: (message) => warnings.push(message),
    ...options,
  });
  let runs = 0;
  const shop = {
    time,
    warnings,
    runs: () => runs,
    serve: async (_request: Request): Promise<Response> => paid(`response ${String(runs)}`),
    ask: (request: Request = ask()): Promise<Response> =>
      replay.fetch(request, () => {
        runs += 1;
        return shop.serve(request);
      }),
  };
  return shop;
}

/** A response that is held back until it is told to come. */
export function held(): {
  response: Promise<Response>;
  come: (response?: Response) => void;
  fail: (error: unknown) => void;
} {
  let come: (response?: Response) => void = () => undefined;
  let fail: (error: unknown) => void = () => undefined;
  const response = new Promise<Response>((resolve, reject) => {
    come = (given = paid()) => resolve(given);
    fail = reject;
  });
  return { response, come, fail };
}

export const isReplayed = (response: Response): boolean => response.headers.get("Idempotent-Replayed") === "true";
