import { type BlockHash, keyBytes, type PublicKey } from "../../nano/index.js";
import type { DevNode } from "../node.js";
import { searchWork } from "../work-search.js";

type Root = BlockHash | PublicKey;

/** Searches under way, by node and root. */
const running = new WeakMap<DevNode, Map<string, Set<AbortController>>>();

/** undefined where `work_cancel` ended it; throws `work_unavailable` where nobody waits for it any more. */
export async function findWork(
  node: DevNode,
  root: Root,
  threshold: bigint,
  signal: AbortSignal,
): Promise<string | undefined> {
  const search = new AbortController();
  const onRoot = startSearch(node, root, search);
  try {
    return await searchWork(keyBytes(root), threshold, AbortSignal.any([signal, search.signal]));
  } catch (error) {
    if (search.signal.aborted) return undefined;
    throw error;
  } finally {
    onRoot.delete(search);
    if (onRoot.size === 0) running.get(node)?.delete(root);
  }
}

export function cancelWork(node: DevNode, root: Root): void {
  for (const search of running.get(node)?.get(root) ?? []) search.abort();
}

function startSearch(node: DevNode, root: Root, search: AbortController): Set<AbortController> {
  const byRoot = running.get(node) ?? new Map<string, Set<AbortController>>();
  const onRoot = byRoot.get(root) ?? new Set<AbortController>();
  running.set(node, byRoot.set(root, onRoot.add(search)));
  return onRoot;
}
