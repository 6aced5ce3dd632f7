import { prelude, type Script } from "./prelude.js";

/** ARGV[3] previous or nothing. */
export const VIEW: Script = {
  name: "view",
  lua: `${prelude("ARGV[3]")}
local found = read(entry, seen[2])
local taker = taker_of(text_or_nil(named)) or ''
if not found then return {'free', '', '', '', taker, ''} end
if found.result then return {'redeemed', '', found.secret, found.payment, taker, found.result} end
return {found.block and 'broadcasting' or 'reserved', is_open(found) and 'open' or '',
  found.secret, found.payment, taker, ''}
`,
};

/**
 * An entry by its name in the index of the journal. ARGV[3]: the secret in that name.
 * "gone": a token that holds nothing and has journalled nothing, and so never will. "waiting": it holds the hash and
 * has not journalled it, or it continues what another token did.
 */
export const VIEW_JOURNALLED: Script = {
  name: "view journalled",
  lua: `${prelude()}
local found = read(entry, seen[2])
if not found or found.result then return {'gone'} end
if not found.block or found.journal ~= ARGV[3] then return {found.secret == ARGV[3] and 'waiting' or 'gone'} end
return {'journalled', found.secret, found.journal_previous or '', found.block, is_open(found) and 'open' or '',
  ms(found.since), ms(math.max(0, now - found.since)), ms(math.max(0, now - found.until_ms))}
`,
};
