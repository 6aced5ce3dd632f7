import { faremeter } from "./faremeter.js";
import { firstHalf } from "./first-half.js";
import type { Guard } from "./guard.js";
import { secondHalf } from "./second-half.js";

/** Every check that an attack is stopped by. */
export const guards: readonly Guard[] = [...firstHalf, ...secondHalf, ...faremeter];
