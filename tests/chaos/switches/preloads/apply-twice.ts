/**
 * Loaded before a worker: an append that is sent again after a lost reply isn't known again, and is applied a second time.
 * Where the journal stands isn't asked either: that alone would refuse the second one, and the attempt with it.
 */
import { changeSource } from '../change-source.ts';

for (const check of [
  "if job.seq == after then return {'again', cancelFlag(job)} end",
  "if job.seq ~= before then return {'mismatch', job.seq} end",
]) {
  changeSource('packages/cell/src/lua/fence.ts', check, '');
}
