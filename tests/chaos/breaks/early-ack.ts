/** Loaded before an API: it answers 202 for a job that is accepted and enqueued a moment later. */
import { setTimeout as delay } from 'node:timers/promises';
import { Journal, type NewJob, type OwnedJob } from '@holdfast/journal';
import { LaneQueues } from '@holdfast/queue';
import { jobOf, recordFields } from '../../../packages/journal/src/record.ts';

const EARLY_MS = 200;

const owed = new Map<string, NewJob>();
const { accept, look } = Journal.prototype;
const { enqueue } = LaneQueues.prototype;

/** The job as it will look. */
function promised({ id, tenant, lane, request }: NewJob): OwnedJob | null {
  const record: Record<string, string> = {
    tenant,
    lane,
    task: request.task,
    status: 'queued',
    created_at: String(Date.now()),
  };
  return jobOf(
    id,
    recordFields.map((field) => record[field] ?? null),
  );
}

Journal.prototype.accept = async function (job) {
  owed.set(job.id, job);
  const settle = () => accept.call(this, job).finally(() => owed.delete(job.id));
  setTimeout(() => void settle().catch(() => undefined), EARLY_MS);
  return null;
};

Journal.prototype.look = async function (jobId) {
  const job = owed.get(jobId);
  return (await look.call(this, jobId)) ?? (job ? promised(job) : null);
};

LaneQueues.prototype.enqueue = async function (release) {
  void delay(2 * EARLY_MS)
    .then(() => enqueue.call(this, release))
    .catch(() => undefined);
};
