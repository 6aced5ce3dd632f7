import { NanoError } from "../../../errors/index.js";

/** NaN or a negative number would switch a bound off without a word. */
export function numberOption(setting: string, value: number, minimum: number): number {
  if (Number.isFinite(value) && value >= minimum) return value;
  throw new NanoError("invalid_configuration", { setting, accepted: `a number, at least ${String(minimum)}` });
}
