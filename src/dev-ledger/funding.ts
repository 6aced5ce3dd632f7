import { NanoError } from "../errors/index.js";
import {
  addressOf,
  type BlockHash,
  derivePublicKey,
  hashBlock,
  keyBytes,
  type PublicKey,
  parseSecret,
  publicKeyOf,
  signBlock,
  type UnsignedBlock,
  ZERO_HASH,
} from "../nano/index.js";
import type { StateBlock } from "./ledger-block.js";
import type { AccountEntry } from "./ledger-entry.js";
import type { DevNode } from "./node.js";
import { rootOf } from "./process.js";
import { searchWork } from "./work-search.js";

export interface FundedAccount {
  readonly address: string;
  /** The receive or open block, confirmed. */
  readonly frontier: BlockHash;
  /** The genesis send it received. */
  readonly send: BlockHash;
}

/** Sends from genesis, one after the other, each confirmed at once whatever the ledger's own rule is. */
export class Funding {
  readonly #node: DevNode;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(node: DevNode) {
    this.#node = node;
  }

  /** A confirmed send, left for the owner to receive: the ledger signs for nobody whose key it was not given. */
  fund(account: PublicKey, amountRaw: bigint): Promise<BlockHash> {
    return this.#inTurn(() => this.#send(account, amountRaw));
  }

  /** The same, and receives it with the owner's key: the account is opened and can pay. */
  fundAccount(secretKeyHex: string, amountRaw: bigint): Promise<FundedAccount> {
    const { network } = this.#node;
    const secretKey = parseSecret(secretKeyHex);
    const account = publicKeyOf(derivePublicKey(secretKey));
    return this.#inTurn(async () => {
      const send = await this.#send(account, amountRaw);
      const frontier = await this.#append(account, secretKey, network.work.required.receive, (info) => ({
        account,
        previous: info?.head ?? ZERO_HASH,
        representative: info?.representative ?? network.genesis.representative,
        balanceRaw: (info?.balanceRaw ?? 0n) + amountRaw,
        link: send,
      }));
      return { address: addressOf(account), frontier, send };
    });
  }

  async #send(account: PublicKey, amountRaw: bigint): Promise<BlockHash> {
    const { genesis, genesisSecretKey, work } = this.#node.network;
    if (amountRaw <= 0n) throw new NanoError("invalid_amount", { amountRaw: amountRaw.toString() });
    return this.#append(genesis.account, genesisSecretKey, work.required.send, (info) => {
      const balanceRaw = (info?.balanceRaw ?? 0n) - amountRaw;
      if (balanceRaw < 0n) throw new NanoError("insufficient_funds", { account: "genesis" });
      return {
        account: genesis.account,
        previous: info?.head ?? ZERO_HASH,
        representative: info?.representative ?? genesis.representative,
        balanceRaw,
        link: account,
      };
    });
  }

  /** Starts over where the head moved while the work was computed: the keys are public, others may use them. */
  async #append(
    account: PublicKey,
    secretKey: Uint8Array,
    threshold: bigint,
    build: (info: AccountEntry | undefined) => UnsignedBlock,
  ): Promise<BlockHash> {
    const { state, processor, confirmations, closing } = this.#node;
    for (;;) {
      const unsigned = build(state.account(account));
      const block: StateBlock = { type: "state", ...signBlock(unsigned, secretKey), work: "0".repeat(16) };
      const work = await searchWork(keyBytes(rootOf(block)), threshold, closing);
      const refusal = processor.process({ ...block, work });
      if (refusal === undefined) {
        const hash = hashBlock(unsigned);
        confirmations.confirm(hash);
        return hash;
      }
      if (refusal !== "fork") throw new NanoError("block_refused", { why: refusal });
    }
  }

  /** Two equal sends at once would be one and the same block. */
  #inTurn<Result>(task: () => Promise<Result>): Promise<Result> {
    const result = this.#queue.then(task);
    this.#queue = result.catch(() => undefined);
    return result;
  }
}
