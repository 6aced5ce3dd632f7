import { PRELUDE, type Script } from "./prelude.js";

/** ARGV[3] is the token's secret in each of them, ARGV[4] names the call: a call that comes twice is answered as once. */
const HELD = `
local secret, op = ARGV[3], ARGV[4]
local found = read(entry)
`;

/** ARGV[5] block, [6] length of the lease. */
export const JOURNAL: Script = {
  name: "journal",
  lua: `${PRELUDE}${HELD}
if not found or found.result or found.secret ~= secret then return without_lease(found, secret) end
local previous = found.previous
if previous == '' and found.block then previous = found.journal_previous end
-- Our lease had lapsed and another block took the frontier: broadcasting both would be a fork of our making.
if taker_of(previous) then return {'lost'} end

local until_ms = math.max(now + tonumber(ARGV[6]), found.until_ms)
redis.call('HSET', entry, 'h', 'settle', 'u', ms(until_ms), 'a', ms(now), 'n', previous, 'b', ARGV[5], 'j', previous)
if not found.block then
  redis.call('HSET', entry, 's', ms(now), 'i', secret, 'o', op)
  redis.call('PERSIST', entry)
end
point_at(previous, until_ms)
return {'advanced', (found.block and found.op ~= op) and '1' or '0'}
`,
};

/** ARGV[5] result. What was redeemed is written again when its token asks, so that a WAIT after it covers it. */
export const REDEEM: Script = {
  name: "redeem",
  lua: `${PRELUDE}${HELD}
if found and found.result and found.secret == secret then
  redis.call('HSET', entry, 'o', found.op)
  if found.op == op then return {'advanced', found.was} end
end
if not found or found.result or found.secret ~= secret then return without_lease(found, secret) end

local was = found.block and '1' or '0'
redis.call('DEL', entry)
redis.call('HSET', entry, 't', secret, 'p', found.payment, 'r', ARGV[5], 'o', op, 'w', was)
return {'advanced', was, found.journal}
`,
};

/** ARGV[5] by whom. Recovery closes only what no lease holds: a settle that is at work decides for itself. */
export const CLOSE: Script = {
  name: "close",
  lua: `${PRELUDE}${HELD}
if not found or found.result or found.secret ~= secret then return without_lease(found, secret) end
if not found.block or (ARGV[5] == 'recovery' and is_open(found)) then return {'lost'} end
redis.call('DEL', entry)
return {'advanced', '1', found.journal}
`,
};

/** A reserved hash is free again; a journalled block stays, and its token is still known. */
export const RELEASE: Script = {
  name: "release",
  lua: `${PRELUDE}
local found = read(entry)
if not found or found.result or found.secret ~= ARGV[3] then return {'nothing'} end
if found.block then
  redis.call('HSET', entry, 'u', ms(math.min(now, found.until_ms)), 'a', ms(now))
else
  redis.call('DEL', entry)
end
return {'released'}
`,
};

/** Writes nothing new: the replicas that acknowledge what comes after it have the redemption too. */
export const CONFIRM: Script = {
  name: "confirm",
  lua: `${PRELUDE}
local found = read(entry)
if found and found.result then redis.call('HSET', entry, 'o', found.op) end
return {'confirmed'}
`,
};
