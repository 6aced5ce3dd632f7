import { addressOf, type PublicKey, ZERO_HASH } from "../../nano/index.js";
import { readAddress } from "../ledger-block.js";
import type { DevNode } from "../node.js";
import { objectAnswer, type RpcAnswer, type RpcValue, refuse } from "./answer.js";
import type { RpcRequest } from "./request.js";

const BURN_ADDRESS = "nano_1111111111111111111111111111111111111111111111111111hifc8npp";

export function accountInfo(request: RpcRequest, { state, network }: DevNode): RpcAnswer {
  const account = request.account();
  const info = state.account(account) ?? refuse("Account not found");
  const includeConfirmed = request.flag("include_confirmed");
  const confirmedHead = state.block(info.confirmedFrontier);
  const height = info.confirmedHeight.toString();
  const frontier = info.confirmedFrontier.toUpperCase();
  const { allRaw, confirmedRaw } = state.receivableSums(account);
  return {
    frontier: info.head.toUpperCase(),
    open_block: info.openBlock.toUpperCase(),
    representative_block: info.head.toUpperCase(),
    balance: info.balanceRaw.toString(),
    ...(includeConfirmed && { confirmed_balance: (confirmedHead?.balanceRaw ?? 0n).toString() }),
    modified_timestamp: info.modifiedAtSeconds.toString(),
    block_count: info.blockCount.toString(),
    account_version: network.epoch.toString(),
    ...(includeConfirmed
      ? { confirmed_height: height, confirmed_frontier: frontier }
      : { confirmation_height: height, confirmation_height_frontier: frontier }),
    ...(request.flag("representative") && {
      representative: addressOf(info.representative),
      ...(includeConfirmed && {
        confirmed_representative: confirmedHead ? addressOf(confirmedHead.block.representative) : BURN_ADDRESS,
      }),
    }),
    ...(request.flag("weight") && { weight: state.weight(account).toString() }),
    ...(request.flag("receivable", request.flag("pending")) && {
      pending: allRaw.toString(),
      receivable: allRaw.toString(),
      ...(includeConfirmed && {
        confirmed_pending: confirmedRaw.toString(),
        confirmed_receivable: confirmedRaw.toString(),
      }),
    }),
  };
}

export function accountBalance(request: RpcRequest, node: DevNode): RpcAnswer {
  return balanceAnswer(request.account(), request.flag("include_only_confirmed", true), node);
}

export function accountsBalances(request: RpcRequest, node: DevNode): RpcAnswer {
  const onlyConfirmed = request.flag("include_only_confirmed", true);
  return perAccount(request, "balances", (account, text) => [text, balanceAnswer(account, onlyConfirmed, node)]);
}

export function accountsFrontiers(request: RpcRequest, { state }: DevNode): RpcAnswer {
  return perAccount(request, "frontiers", (account) => {
    const head = state.account(account)?.head;
    return head === undefined ? "Account not found" : [addressOf(account), head.toUpperCase()];
  });
}

/** The confirmed balance by default: it lags behind `account_info.balance`, which is the head's. */
function balanceAnswer(account: PublicKey, onlyConfirmed: boolean, { state }: DevNode): RpcAnswer {
  const info = state.account(account);
  const confirmedRaw = state.block(info?.confirmedFrontier ?? ZERO_HASH)?.balanceRaw ?? 0n;
  const balanceRaw = onlyConfirmed ? confirmedRaw : (info?.balanceRaw ?? 0n);
  const sums = state.receivableSums(account);
  const receivable = onlyConfirmed ? sums.confirmedRaw : sums.allRaw;
  return { balance: balanceRaw.toString(), pending: receivable.toString(), receivable: receivable.toString() };
}

/** One entry per account, errors beside; a collection without entries is left out altogether. */
export function perAccount(
  request: RpcRequest,
  name: string,
  answer: (account: PublicKey, text: string) => readonly [string, RpcValue] | string,
): RpcAnswer {
  const entries: (readonly [string, RpcValue])[] = [];
  const errors: (readonly [string, RpcValue])[] = [];
  for (const text of request.texts("accounts")) {
    const account = readAddress(text);
    const entry = account === undefined ? "Bad account number" : answer(account, text);
    if (typeof entry === "string") errors.push([text, entry]);
    else entries.push(entry);
  }
  if (entries.length + errors.length === 0) refuse("Empty response");
  return {
    ...(entries.length > 0 && { [name]: objectAnswer(entries) }),
    ...(errors.length > 0 && { errors: objectAnswer(errors) }),
  };
}
