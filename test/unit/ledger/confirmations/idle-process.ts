/** A process that waits for one block over a websocket, and has nothing else to do. */
import { createConfirmations } from "../../../../src/ledger/confirmations/index.js";
import { openSocket } from "../../../../src/ledger/confirmations/socket.node.js";
import { createDeadlines } from "../../../../src/ledger/deadlines.js";
import { sleep } from "../../../../src/ledger/patience.js";
import { accountOf, hashOf } from "./support.js";

const confirmations = createConfirmations({
  isConfirmed: async () => true,
  deadlines: createDeadlines({ clock: Date.now, sleep }),
  pollIntervalMs: 250,
  random: () => 0.5,
  onNotice: (text) => console.log(text),
  socket: { url: process.argv[2] ?? "", openSocket },
});
const isConfirmed = await confirmations.wait(hashOf(1), { account: accountOf(1), timeoutMs: 600_000 });
console.log(isConfirmed ? "confirmed" : "not confirmed");
