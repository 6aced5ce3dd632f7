import { prelude, type Script } from "./prelude.js";

/**
 * ARGV[3] purpose, [4] what the caller knows of a token ("none", "unknown", or the secret of one of this hash), [5] the
 * secret of a new token, [6] payment, [7] length of the lease, [8] previous or nothing.
 */
export const CLAIM: Script = {
  name: "claim",
  lua: `${prelude("ARGV[8]")}
local purpose, offered, fresh, payment, lease_ms = ARGV[3], ARGV[4], ARGV[5], ARGV[6], tonumber(ARGV[7])
local previous = text_or_nil(named)
local found = read(entry, seen[2])
local function state() return found and found.block and 'broadcasting' or 'reserved' end

if found and found.result then return already_redeemed(found, purpose == 'settle' and offered or nil) end
-- The client sent this very call before, and its answer was lost with the connection.
if found and found.secret == fresh then return {'claimed', fresh, state()} end

local own = purpose == 'settle' and found and found.secret == offered
-- A host that hands no token back settles what its verify reserved, but never what another settle is working on (R3).
local may_take_over = purpose == 'settle' and offered == 'none' and found
  and found.holder == 'verify' and found.payment == payment
if found and not own and is_open(found) and not may_take_over then return {'in_progress'} end

previous = previous or (own and found.previous or nil)
local taker = taker_of(previous)
if taker then return {'previous_taken', taker} end

-- The journal stays whoever has the lease.
local held = found or {}
held.until_ms = math.max(now + lease_ms, own and held.until_ms or 0)
held.secret = own and held.secret or fresh
held.payment, held.holder, held.previous = payment, purpose, previous
take(held)
return {'claimed', held.secret, state()}
`,
};
