/**
 * Every error this package throws has one of these codes. A refusal of a payment is not an error but a
 * value (see `protocol/reasons.ts`); these are for misuse, bad configuration and outages.
 */
export const ERROR_SENTENCES = {
  account_mismatch: "The keys given do not belong to the account named.",
  ambiguous_amount: 'The amount has no unit; write "0.001 XNO" or "1000 raw".',
  approval_refused: "The payment was not approved.",
  block_refused: "The ledger refused the block.",
  crypto_not_ready: "The signature library is still loading; await cryptoReady() first.",
  deadline_exceeded: "The operation took longer than allowed.",
  facilitator_refused: "The facilitator did not answer as one does.",
  insufficient_funds: "The account holds less than the payment.",
  invalid_address: "This is not a Nano address.",
  invalid_amount: "This is not an amount of Nano.",
  invalid_block: "This is not a Nano state block.",
  invalid_configuration: "The configuration is not usable.",
  invalid_header: "The header does not hold base64 of a JSON object.",
  invalid_hex: "This is not hexadecimal of the expected length.",
  invalid_price: "The price is not usable.",
  invalid_request: "The request does not have the required form.",
  invalid_requirements: "The payment requirements are not usable.",
  invalid_secret_key: "The secret key or seed is not 64 hexadecimal digits.",
  ledger_refused: "The ledger answered with an error.",
  ledger_unavailable: "The Nano node could not be asked or gave no usable answer.",
  limit_per_day: "The payment would exceed the daily limit.",
  limit_per_host: "The payment would exceed the daily limit for this host.",
  limit_per_pay_to: "The payment would exceed the daily limit for this receiver.",
  limit_per_payment: "The payment exceeds the limit for one payment.",
  limit_total: "The payment would exceed the limit for all payments together.",
  missing_dependency: "A package that is needed here is not installed or does not load.",
  payment_not_allowed: "Nothing may be paid to this host or receiver.",
  payment_unresolved: "An earlier payment is not settled yet; nothing new is signed until it is.",
  purse_closed: "The purse is closed.",
  signer_failed: "The signer gave no usable signature.",
  store_unavailable: "The store could not be reached.",
  store_unusable: "The store's data cannot be used.",
  work_unavailable: "No proof of work could be had.",
} as const satisfies Record<string, string>;

export type ErrorCode = keyof typeof ERROR_SENTENCES;
