import type { DevLedger, DevLedgerNode, DevLedgerNodeOptions } from "../../src/dev-ledger/index.js";
import { ALL_RAW, buildBlock, genesisOwner, type Json, type Owner, send } from "./support.js";

/** Whatever answers RPC. */
export interface Asked {
  rpc(body: object): Promise<Json>;
}

export interface OtherNode extends Asked {
  readonly node: DevLedgerNode;
}

/** Closed with its ledger. */
export async function addNode(dev: DevLedger, options?: DevLedgerNodeOptions): Promise<OtherNode> {
  const node = await dev.addNode(options);
  return { node, rpc: async (body) => JSON.parse((await send(node.rpcUrl, JSON.stringify(body))).text) };
}

export function process(asked: Asked, block: Json, more: object = {}): Promise<Json> {
  return asked.rpc({ action: "process", json_block: "true", ...more, block });
}

/** A send from genesis that leaves it `spentRaw` short of everything. */
export function buildSend(dev: DevLedger, previous: string, spentRaw: bigint, to: Owner): Json {
  return buildBlock(genesisOwner(dev), { previous, balanceRaw: ALL_RAW - spentRaw, link: to.address });
}

/** "true" or "false", or the node's error. */
export async function confirmedAt(asked: Asked, hash: string): Promise<string> {
  const info = await asked.rpc({ action: "block_info", hash });
  return info.confirmed ?? info.error;
}

export async function confirmedEverywhere(all: readonly Asked[], hash: string): Promise<readonly string[]> {
  return Promise.all(all.map((asked) => confirmedAt(asked, hash)));
}

export async function countsAt(asked: Asked): Promise<string> {
  const { count, cemented } = await asked.rpc({ action: "block_count" });
  return `${cemented}/${count}`;
}
