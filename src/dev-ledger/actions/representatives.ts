import { addressOf, type PublicKey } from "../../nano/index.js";
import { readAddress } from "../ledger-block.js";
import type { DevNode } from "../node.js";
import { perAccount } from "./accounts.js";
import { listAnswer, objectAnswer, type RpcAnswer, refuse } from "./answer.js";
import type { RpcRequest } from "./request.js";

/** The node's default: who has less does not count, and is not kept in mind. Only `account_info` is exact. */
const MIN_WEIGHT_RAW = 10n * 10n ** 30n;
const MIN_ONLINE_WEIGHT_RAW = 60_000_000n * 10n ** 30n;
const QUORUM_PERCENT = 67n;

export function accountRepresentative(request: RpcRequest, { state }: DevNode): RpcAnswer {
  const info = state.account(request.account()) ?? refuse("Account not found");
  return { representative: addressOf(info.representative) };
}

export function accountsRepresentatives(request: RpcRequest, { state }: DevNode): RpcAnswer {
  return perAccount(request, "representatives", (account, text) => {
    const info = state.account(account);
    return info === undefined ? "Account not found" : [text, addressOf(info.representative)];
  });
}

export function accountWeight(request: RpcRequest, node: DevNode): RpcAnswer {
  return { weight: votingWeightRaw(request.account(), node).toString() };
}

/** By account, or with `sorting` the heaviest first. */
export function representatives(request: RpcRequest, { state }: DevNode): RpcAnswer {
  const count = request.optionalCount();
  const entries = [...state.weights()].filter(([, weightRaw]) => weightRaw >= MIN_WEIGHT_RAW);
  entries.sort(([left], [right]) => (left < right ? -1 : 1));
  if (request.flag("sorting")) entries.sort(([, left], [, right]) => (left < right ? 1 : left > right ? -1 : 0));
  const first = entries.slice(0, count);
  return { representatives: objectAnswer(first.map(([key, weightRaw]) => [addressOf(key), weightRaw.toString()])) };
}

export function representativesOnline(request: RpcRequest, node: DevNode): RpcAnswer {
  const wanted = request.has("accounts") ? request.texts("accounts") : undefined;
  const filter = wanted?.map((text) => readAddress(text) ?? refuse("Bad account number"));
  const online = onlineRepresentatives(node).filter((key) => filter?.includes(key) ?? true);
  const isWeighed = request.flag("weight");
  return {
    representatives: isWeighed
      ? objectAnswer(online.map((key) => [addressOf(key), { weight: votingWeightRaw(key, node).toString() }]))
      : listAnswer(online.map(addressOf)),
  };
}

/** There are no peers, and no samples of earlier days: the trend is the least that is assumed. */
export function confirmationQuorum(request: RpcRequest, node: DevNode): RpcAnswer {
  const onlineRaw = onlineRepresentatives(node).reduce((sumRaw, key) => sumRaw + votingWeightRaw(key, node), 0n);
  const countedRaw = onlineRaw > MIN_ONLINE_WEIGHT_RAW ? onlineRaw : MIN_ONLINE_WEIGHT_RAW;
  return {
    quorum_delta: ((countedRaw * QUORUM_PERCENT) / 100n).toString(),
    online_weight_quorum_percent: QUORUM_PERCENT.toString(),
    online_weight_minimum: MIN_ONLINE_WEIGHT_RAW.toString(),
    online_stake_total: onlineRaw.toString(),
    trended_stake_total: MIN_ONLINE_WEIGHT_RAW.toString(),
    peers_stake_total: "0",
    ...(request.flag("peer_details") && { peers: "" }),
  };
}

/**
 * Whose vote was seen. Blocks are confirmed by rule here, which stands for the vote of the representative that genesis
 * named: as in the recordings nobody is online before the first block is confirmed.
 */
function onlineRepresentatives(node: DevNode): readonly PublicKey[] {
  const { representative } = node.network.genesis;
  const hasVoted = node.state.confirmedCount > 1 && votingWeightRaw(representative, node) > 0n;
  return hasVoted ? [representative] : [];
}

function votingWeightRaw(representative: PublicKey, { state }: DevNode): bigint {
  const weightRaw = state.weight(representative);
  return weightRaw < MIN_WEIGHT_RAW ? 0n : weightRaw;
}
