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
 * the store's birth. `previous`: the Lua of the previous that the caller names, where one is. ARGV[1]: the time for tests, else empty. ARGV[2]: the birth that the caller knows.
 *
 * An entry is one packed table: half the time and the memory of a hash. While it is held: secret (of the token),
 * payment, holder, until_ms, at (when until_ms was last known to be right), previous (of the lease). Journalled as
 * well: block, journal_previous, since, journal (the secret that journalled it first: its name in the index), op (the
 * call that did). Redeemed: secret, payment, result, op (the call), was ("1" where it was journalled).
 */
export const prelude = (previous = "''"): string => `
local entry, named = KEYS[1], ${previous}
local base = string.sub(entry, 1, -65)
local hash = string.sub(entry, -64)
local pointer = named ~= '' and base .. 'on:' .. named or entry
-- One look for all that each call reads: a call into Redis costs more than what it does.
local seen = redis.call('MGET', KEYS[2] or entry, entry, pointer)
if KEYS[2] and seen[1] ~= ARGV[2] then return {'unborn'} end

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
    held.since = held.since and held.since - back
  elseif held.until_ms <= held.at or now < held.until_ms then
    return
  end
  held.at = now
  redis.call('SET', key, cmsgpack.pack(held), 'KEEPTTL')
end

-- What is known of a hash: nothing, a redemption (with a result), or who holds it.
local function read(key, packed)
  if not packed then return nil end
  local found = cmsgpack.unpack(packed)
  if not found.result then keep_steady(key, found) end
  return found
end

-- A reservation goes by itself, an hour after its lease; what is journalled (R9) or redeemed (R1) stays.
local function save(found)
  local packed = cmsgpack.pack(found)
  if found.block or found.result then
    redis.call('SET', entry, packed)
  else
    redis.call('SET', entry, packed, 'PX', ms(found.until_ms - now + ${KEEP_LAPSED_MS}))
  end
end

-- Another hash whose open lease was claimed with the same previous. The pointer may be an old one.
local function taker_of(previous)
  if not previous then return nil end
  local other = seen[3]
  if previous ~= named then other = redis.call('GET', base .. 'on:' .. previous) end
  if not other or other == hash then return nil end
  local held = read(base .. other, redis.call('GET', base .. other))
  if not held or held.result or held.previous ~= previous or not is_open(held) then return nil end
  return other
end

-- Takes the hash, and the previous where there is one.
local function take(held)
  held.at = now
  save(held)
  if held.previous then
    redis.call('SET', base .. 'on:' .. held.previous, hash, 'PX', ms(held.until_ms - now + ${KEEP_LAPSED_MS}))
  end
end

-- The result is for the token that redeemed it alone.
local function already_redeemed(found, secret)
  if found.secret == secret then return {'redeemed', found.result} end
  return {'redeemed'}
end

local function without_lease(found, secret)
  if found and found.result then return already_redeemed(found, secret) end
  return {'lost'}
end

local function text_or_nil(text) if text ~= '' then return text end end
`;
