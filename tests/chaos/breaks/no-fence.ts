/**
 * Loaded before a worker: its appends ask neither for their attempt nor for where the journal stands. Both have to go:
 * a journal that another attempt has written to stands elsewhere, so that alone would keep most zombies out.
 */
import { changeSource } from '../change-source.ts';

for (const check of [
  "if tonumber(own) < tonumber(attempt) then return {'mismatch', seq} end",
  "if own ~= attempt or ownToken ~= token then return {'fenced', own} end",
  "if seq ~= before then return {'mismatch', seq} end",
]) {
  changeSource('packages/cell/src/lua/fence.ts', check, '');
}
