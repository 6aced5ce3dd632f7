import { z } from "zod";
import { NanoError } from "../../errors/index.js";

/** For options that are functions: what they do with their arguments cannot be seen. */
export function functionOption<Type>(): z.ZodType<Type> {
  return z.custom<Type>((value) => typeof value === "function");
}

/** Throws `invalid_configuration` with the option's name; values stay out, one of them could be a key. */
export function readSettings<Settings>(schema: z.ZodType<Settings>, options: unknown): Settings {
  const read = schema.safeParse(options);
  if (read.success) return read.data;
  const issue = read.error.issues[0];
  throw new NanoError("invalid_configuration", {
    option: issue?.path.map(String).join(".") ?? "",
    why: issue?.message ?? "",
  });
}
