/** Step 2 of an attempt: is it still wanted? Not cancelled, in time, and not a job that kills its workers. */
import { AttemptError } from '@holdfast/core';
import type { Claim } from '@holdfast/journal';
import type { JobDeadline } from './job-deadline.ts';
import type { StopSignal } from './stop-signal.ts';

interface AdmittedAttempt {
  claim: Pick<Claim, 'cancelRequested' | 'crashes'>;
  deadline: Pick<JobDeadline, 'hasPassed'>;
  stop: StopSignal;
}

/** @param crashLimit worker deaths that fail a job. @throws AttemptError `crash_limit`; the stop's reason */
export function admitAttempt({ claim, deadline, stop }: AdmittedAttempt, crashLimit: number): void {
  if (claim.cancelRequested) stop.stop('cancelled');
  else if (deadline.hasPassed) stop.stop('deadline');
  stop.signal.throwIfAborted();
  if (claim.crashes < crashLimit) return;
  throw new AttemptError('crash_limit', `${claim.crashes} workers vanished while they ran this job.`);
}
