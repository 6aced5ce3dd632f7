import type { Script } from "./prelude.js";

/** When this store, or this part of it, was made: said once, by whoever comes first. ARGV[1]: the time for tests. */
export const BIRTH: Script = {
  name: "birth",
  lua: `
local now = tonumber(ARGV[1])
local seconds = now and math.floor(now / 1000) or redis.call('TIME')[1]
redis.call('SET', KEYS[1], string.format('%.0f', seconds), 'NX')
return {redis.call('GET', KEYS[1])}
`,
};

/** A page of the index. ARGV[1]: where the last one ended. By script, so that a master answers and no replica. */
export const LIST_INDEX: Script = {
  name: "list index",
  lua: `
local page = redis.call('SSCAN', KEYS[1], ARGV[1], 'COUNT', 500)
return {page[1], unpack(page[2])}
`,
};

export const ADD_TO_INDEX: Script = {
  name: "add to index",
  lua: "redis.call('SADD', KEYS[1], ARGV[1]) return {'done'}",
};

export const REMOVE_FROM_INDEX: Script = {
  name: "remove from index",
  lua: "redis.call('SREM', KEYS[1], unpack(ARGV)) return {'done'}",
};
