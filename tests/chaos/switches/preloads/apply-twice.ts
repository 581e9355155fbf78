/**
 * Loaded before a worker: an append that is sent again after a lost reply isn't recognized, and is applied a second time.
 * The journal's sequence number isn't checked either: that check alone would refuse the second append, and fence the attempt.
 */
import { changeSource } from '../change-source.ts';

for (const check of [
  "if job.seq == after then return {'again', cancelFlag(job)} end",
  "if job.seq ~= before then return {'mismatch', job.seq} end",
]) {
  changeSource('packages/cell/src/lua/fence.ts', check, '');
}
