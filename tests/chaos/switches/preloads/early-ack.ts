/** Loaded before an API: it answers 202, and submits the job a moment later. */
import { Journal, type NewJob, type OwnedJob } from '@holdfast/journal';
import { jobOf } from '../../../../packages/journal/src/record.ts';

const EARLY_MS = 200;

const notSubmitted = new Map<string, NewJob>();
const { submit, get } = Journal.prototype;

/** The job as it will be stored. */
function expectedJob({ id, tenant, lane, request }: NewJob): OwnedJob {
  const record = { tenant, lane, task: request.task, status: 'queued', attempt: '0', seq: '1' };
  const stored = { record: { ...record, created_at: String(Date.now()) }, details: {}, output: null, text: null };
  const job = jobOf(id, stored);
  if (!job) throw new Error('the job could not be built from its record');
  return job;
}

Journal.prototype.submit = async function (job, admission) {
  notSubmitted.set(job.id, job);
  const submitNow = () => submit.call(this, job, admission).finally(() => notSubmitted.delete(job.id));
  setTimeout(() => void submitNow().catch(() => undefined), EARLY_MS);
  return {
    kind: 'created',
    requests: null,
    job: expectedJob(job).job,
    queue: job.lane,
    result: 'accepted',
    unblocked: [],
  };
};

Journal.prototype.get = async function (jobId) {
  const job = notSubmitted.get(jobId);
  return (await get.call(this, jobId)) ?? (job ? expectedJob(job) : null);
};
