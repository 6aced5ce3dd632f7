import { z } from "zod";

/** The extension of `@x402/extensions`, of which these few lines are needed: the package brings viem and more. */
export const PAYMENT_IDENTIFIER = "payment-identifier";
const MIN_LENGTH = 16;
const MAX_LENGTH = 128;
const PATTERN = "^[a-zA-Z0-9_-]+$";

/** What a 402 says about the extension; the payer echoes it and adds `info.id`. */
export interface PaymentIdentifierDeclaration {
  info: { required: boolean };
  schema: Record<string, unknown>;
}

export interface PaymentIdentifierOptions {
  /** Whether a payment without an identifier is refused (400). Default false. */
  readonly required?: boolean | undefined;
}

/**
 * For a route's `extensions`: the 402 offers buyers to name their payment, so that a response that got lost can be had
 * again. It only tells; `createResponseReplay` is what keeps the word.
 */
export function declarePaymentIdentifier({ required = false }: PaymentIdentifierOptions = {}): {
  [PAYMENT_IDENTIFIER]: PaymentIdentifierDeclaration;
} {
  const id = { type: "string", minLength: MIN_LENGTH, maxLength: MAX_LENGTH, pattern: PATTERN };
  return {
    [PAYMENT_IDENTIFIER]: {
      info: { required },
      schema: {
        $schema: "https://json-schema.org/draft/2020-12/schema",
        type: "object",
        properties: { required: { type: "boolean" }, id },
        required: ["required"],
      },
    },
  };
}

const idField = z.string().min(MIN_LENGTH).max(MAX_LENGTH).regex(new RegExp(PATTERN));
const extensionSchema = z.object({ info: z.record(z.string(), z.unknown()) });
const holderSchema = z.object({ extensions: z.record(z.string(), z.unknown()) });

export type ReadIdentifier =
  | { readonly kind: "absent"; readonly isDeclared: boolean; readonly isRequired: boolean }
  | { readonly kind: "malformed" }
  | { readonly kind: "present"; readonly id: string };

/** From a payment payload or a 402, both of which a stranger wrote. Never throws. */
export function readIdentifier(holder: unknown): ReadIdentifier {
  const read = holderSchema.safeParse(holder);
  const value = read.success ? read.data.extensions[PAYMENT_IDENTIFIER] : undefined;
  const extension = extensionSchema.safeParse(value);
  if (!extension.success) return { kind: "absent", isDeclared: false, isRequired: false };
  const { info } = extension.data;
  const isRequired = info["required"] === true;
  const id = info["id"];
  if (id === undefined) return { kind: "absent", isDeclared: true, isRequired };
  const parsed = idField.safeParse(id);
  return parsed.success ? { kind: "present", id: parsed.data } : { kind: "malformed" };
}
