import { describe, expect, test } from "vitest";
import { redemptionStoreContract } from "../../src/store/contract/index.js";
import { memoryStore } from "../../src/store/index.js";

redemptionStoreContract({ describe, test, expect }, { name: "memory", create: (clock) => memoryStore({ clock }) });
