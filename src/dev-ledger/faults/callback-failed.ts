import { hasCode, NanoError } from "../../errors/index.js";

/** For what a fault's callback throws. The client is shown it: nobody should take a mistake in a test for the fault. */
export function callbackFailed(error: unknown): NanoError {
  return new NanoError(
    "invalid_configuration",
    { setting: "fault", why: `its callback threw ${String(error)}` },
    error,
  );
}

/** The ledger's own errors have other codes. */
export function isCallbackFailed(error: unknown): error is NanoError {
  return hasCode(error, "invalid_configuration");
}
