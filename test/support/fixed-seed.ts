import fc from "fast-check";

/**
 * A property that names no seed of its own gets this one: the same values in every run. X402_NANO_SEED looks elsewhere,
 * and a value found there belongs into the test as an example.
 */
fc.configureGlobal({ seed: Number(process.env["X402_NANO_SEED"] ?? 20_261_120) });
