// README says: legacy x402 1.x cannot pay or charge in Nano, and no plugin changes that, because its list of networks
// and its pattern for addresses are closed. Checked here on the package itself. The control comes first: the same
// requirements with one of its own networks and addresses must pass, or a refusal would prove nothing.
import assert from "node:assert/strict";
import { NetworkSchema, PaymentRequirementsSchema } from "x402/types";

const NANO_ADDRESS = "nano_3t6k35gi95xu6tergt6p69ck76ogmitsa8mnijtpxm9fkcm736xtoncuohr3";
const EVM_ADDRESS = "0x209693Bc6afc0C5328bA36FaF03C514EF312287C";

const accepted = {
  scheme: "exact",
  network: "base",
  maxAmountRequired: "1000000",
  resource: "https://example.com/weather",
  description: "",
  mimeType: "application/json",
  payTo: EVM_ADDRESS,
  maxTimeoutSeconds: 60,
  asset: EVM_ADDRESS,
};

/** Where the package refuses the requirements: the paths of its complaints. */
function refusedAt(changes) {
  const result = PaymentRequirementsSchema.safeParse({ ...accepted, ...changes });
  return result.success ? [] : result.error.issues.map((issue) => issue.path.join("."));
}

const checks = {
  "its own network and address pass (control)": () => assert.deepEqual(refusedAt({}), []),
  "its list of networks is closed and has no Nano": () => {
    assert.ok(NetworkSchema.options.includes("base"));
    assert.deepEqual(
      NetworkSchema.options.filter((network) => /nano|xno/i.test(network)),
      [],
    );
    assert.equal(NetworkSchema.safeParse("nano:mainnet").success, false);
  },
  "requirements on nano:mainnet are refused for the network": () =>
    assert.deepEqual(refusedAt({ network: "nano:mainnet" }), ["network"]),
  "a nano_ address is refused as payTo": () => assert.deepEqual(refusedAt({ payTo: NANO_ADDRESS }), ["payTo"]),
};

for (const [name, check] of Object.entries(checks)) {
  check();
  console.log(`ok: ${name}`);
}
