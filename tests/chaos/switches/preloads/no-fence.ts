/**
 * Loaded before a worker: its appends check neither their attempt nor the journal's sequence number. Both checks are removed,
 * because the sequence number alone would refuse most zombies: another attempt has written to the journal since.
 */
import { changeSource } from '../change-source.ts';

for (const check of [
  "if tonumber(job.attempt) < tonumber(attempt) then return {'mismatch', job.seq} end",
  "if job.attempt ~= attempt or job.token ~= token then return {'fenced', job.attempt} end",
  "if job.seq ~= before then return {'mismatch', job.seq} end",
]) {
  changeSource('packages/cell/src/lua/fence.ts', check, '');
}
