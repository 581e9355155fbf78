/**
 * Loaded before a worker: its appends ask neither for their attempt nor for where the journal stands. Both have to go:
 * a journal that another attempt has written to stands elsewhere, so that alone would keep most zombies out.
 */
import { Script } from '@holdfast/redis';
import { appendScript } from '../../../packages/journal/src/scripts/append.ts';

let { lua } = appendScript;
for (const check of [
  "if tonumber(attempt) < tonumber(ARGV[1]) then return {'mismatch', seq} end",
  "if attempt ~= ARGV[1] or ticket ~= ARGV[8] then return {'fenced', attempt} end",
  "if seq ~= ARGV[2] then return {'mismatch', seq} end",
]) {
  if (!lua.includes(check)) throw new Error(`the script has no "${check}" any more`);
  lua = lua.replace(check, '');
}
Object.assign(appendScript, new Script(lua));
