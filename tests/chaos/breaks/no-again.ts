/**
 * Loaded before a worker: an append that is sent again after a lost reply isn't known again, and is applied a second time.
 * Where the journal stands isn't asked either: that alone would refuse the second one, and the attempt with it.
 */
import { Script } from '@holdfast/redis';
import { appendScript } from '../../../packages/journal/src/scripts/append.ts';

let { lua } = appendScript;
for (const check of [
  "if seq == ARGV[3] then return {'again', cancel and 1 or 0} end",
  "if seq ~= ARGV[2] then return {'mismatch', seq} end",
]) {
  if (!lua.includes(check)) throw new Error(`the script has no "${check}" any more`);
  lua = lua.replace(check, '');
}
Object.assign(appendScript, new Script(lua));
