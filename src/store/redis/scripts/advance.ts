import { prelude, type Script } from "./prelude.js";

/** ARGV[3] is the token's secret in each of them, ARGV[4] names the call: a call that comes twice is answered as once. */
const HELD = `
local secret, op = ARGV[3], ARGV[4]
local found = read(entry, seen[2])
`;

/** ARGV[5] block, [6] length of the lease. */
export const JOURNAL: Script = {
  name: "journal",
  lua: `${prelude()}${HELD}
if not found or found.result or found.secret ~= secret then return without_lease(found, secret) end
local previous = found.previous or found.journal_previous
-- Our lease had lapsed and another block took the frontier: broadcasting both would be a fork of our making.
if taker_of(previous) then return {'lost'} end

local was = found.block and found.op ~= op
if not found.block then found.since, found.journal, found.op = now, secret, op end
found.holder, found.previous, found.until_ms = 'settle', previous, math.max(now + tonumber(ARGV[6]), found.until_ms)
found.block, found.journal_previous = ARGV[5], previous
take(found)
return {'advanced', was and '1' or '0'}
`,
};

/** ARGV[5] result. What was redeemed is written again when its token asks, so that a WAIT after it covers it. */
export const REDEEM: Script = {
  name: "redeem",
  lua: `${prelude()}${HELD}
if found and found.result and found.secret == secret then
  save(found)
  if found.op == op then return {'advanced', found.was} end
end
if not found or found.result or found.secret ~= secret then return without_lease(found, secret) end

local was = found.block and '1' or '0'
save({ secret = secret, payment = found.payment, result = ARGV[5], op = op, was = was })
return {'advanced', was, found.journal}
`,
};

/** ARGV[5] by whom. Recovery closes only what no lease holds: a settle that is at work decides for itself. */
export const CLOSE: Script = {
  name: "close",
  lua: `${prelude()}${HELD}
if not found or found.result or found.secret ~= secret then return without_lease(found, secret) end
if not found.block or (ARGV[5] == 'recovery' and is_open(found)) then return {'lost'} end
redis.call('DEL', entry)
return {'advanced', '1', found.journal}
`,
};

/** A reserved hash is free again; a journalled block stays, and its token is still known. */
export const RELEASE: Script = {
  name: "release",
  lua: `${prelude()}
local found = read(entry, seen[2])
if not found or found.result or found.secret ~= ARGV[3] then return {'nothing'} end
if found.block then
  found.until_ms, found.at = math.min(now, found.until_ms), now
  save(found)
else
  redis.call('DEL', entry)
end
return {'released'}
`,
};

/** Writes nothing new: the replicas that acknowledge what comes after it have the redemption too. */
export const CONFIRM: Script = {
  name: "confirm",
  lua: `${prelude()}
local found = read(entry, seen[2])
if found and found.result then save(found) end
return {'confirmed'}
`,
};
