/**
 * Loaded before a worker: its appends ask neither for their attempt nor for where the journal stands. Both have to go:
 * a journal that another attempt has written to stands elsewhere, so that alone would keep most zombies out.
 */
import { changeSource } from '../change-source.ts';

for (const check of [
  "if tonumber(job.attempt) < tonumber(attempt) then return {'mismatch', job.seq} end",
  "if job.attempt ~= attempt or job.token ~= token then return {'fenced', job.attempt} end",
  "if job.seq ~= before then return {'mismatch', job.seq} end",
]) {
  changeSource('packages/cell/src/lua/fence.ts', check, '');
}
