/** A Lua script: one transition, which the server runs as one step. */
export interface Script {
  readonly name: string;
  readonly lua: string;
}

/** How long the token of a lapsed lease is remembered, as in `leases.ts`. Here the server forgets, by a TTL. */
const KEEP_LAPSED_MS = 3_600_000;

/**
 * What the scripts share. KEYS[1] is the payment's entry, `…{<account>}:<hash>`; other keys of the account are made from
 * it, so they lie in its Cluster slot and carry whatever prefix the client adds. KEYS[2], where given, is the mark of
 * the store's birth. ARGV[1]: the time for tests, else empty. ARGV[2]: the birth that the caller knows.
 *
 * Entry, while it is held: t token's secret, p payment, h holder, u lease until, a when u was last known to be right,
 * n `previous` of the lease. Journalled as well: b block, j its `previous`, s since when, i the secret that journalled it
 * first (its name in the index), o the call that did. Redeemed: t, p, r result, o the call, w whether it was journalled.
 */
export const PRELUDE = `
if KEYS[2] and redis.call('GET', KEYS[2]) ~= ARGV[2] then return {'unborn'} end

local entry = KEYS[1]
local base = string.sub(entry, 1, -65)
local hash = string.sub(entry, -64)
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end

-- Numbers of this size would be written as 1.75e+12.
local function ms(number) return string.format('%.0f', number) end

local function is_open(held) return now < held.until_ms end

-- A lease runs on the clock of one server after another, and each of them can be set back. Time that went back takes
-- the lease with it: it has the length left that it had. One that was once seen to have lapsed stays so.
local function keep_steady(key, held)
  local back = held.at - now
  if back > 0 then
    held.until_ms = held.until_ms - back
    redis.call('HSET', key, 'u', ms(held.until_ms), 'a', ms(now))
    if held.since then
      held.since = held.since - back
      redis.call('HSET', key, 's', ms(held.since))
    end
  elseif held.at < held.until_ms and held.until_ms <= now then
    redis.call('HSET', key, 'a', ms(now))
  end
end

-- What is known of a hash: nothing, a redemption (with a result), or who holds it.
local function read(key)
  local f = redis.call('HMGET', key, 't', 'p', 'r', 'o', 'w', 'h', 'u', 'a', 'n', 'b', 'j', 's', 'i')
  if not f[1] then return nil end
  local found = { secret = f[1], payment = f[2], result = f[3], op = f[4] }
  if found.result then
    found.was = f[5]
    return found
  end
  found.holder, found.until_ms, found.at, found.previous = f[6], tonumber(f[7]), tonumber(f[8]), f[9]
  if f[10] then found.block, found.journal_previous, found.since, found.journal = f[10], f[11], tonumber(f[12]), f[13] end
  keep_steady(key, found)
  return found
end

-- Another hash whose open lease was claimed with the same previous; '' is none. The pointer may be an old one.
local function taker_of(previous)
  if previous == '' then return nil end
  local other = redis.call('GET', base .. 'on:' .. previous)
  if not other or other == hash then return nil end
  local held = read(base .. other)
  if not held or held.result or held.previous ~= previous or not is_open(held) then return nil end
  return other
end

local function point_at(previous, until_ms)
  if previous == '' then return end
  redis.call('SET', base .. 'on:' .. previous, hash, 'PX', ms(until_ms - now + ${KEEP_LAPSED_MS}))
end

-- A reservation goes by itself, an hour after its lease; what is journalled stays (R9).
local function expire(until_ms) redis.call('PEXPIRE', entry, ms(until_ms - now + ${KEEP_LAPSED_MS})) end

-- The result is for the token that redeemed it alone.
local function already_redeemed(found, secret)
  if found.secret == secret then return {'redeemed', found.result} end
  return {'redeemed'}
end

local function without_lease(found, secret)
  if found and found.result then return already_redeemed(found, secret) end
  return {'lost'}
end
`;
