/** Whether a submit repeats the one that created the job its key names, and the job to answer with. */
import { canonicalJson, hasEnded, type JsonObject, type JsonValue } from '@holdfast/core';
import type { FoundJob, Journal, NewJob, OwnedJob } from '@holdfast/journal';

/** The body of a submit. */
export interface SentBody {
  text: string;
  value: JsonObject;
}

/** The job that was found, with its answer; null: it was deleted meanwhile. */
export async function findReplay(
  journal: Journal,
  job: NewJob,
  body: SentBody,
  found: FoundJob,
): Promise<OwnedJob | 'other_body' | null> {
  const isSame = await hasSameBody(journal, job, body, found);
  if (isSame === null) return null;
  if (!isSame) return 'other_body';
  if (hasEnded(found.job.status)) return journal.get(job.id);
  // A job that has not ended has no answer yet: nothing more needs to be read.
  const { tenant, trace, job: summary } = found;
  return { tenant, trace, job: { ...summary, output: null, output_text: null }, large: null };
}

/** null: the job was deleted meanwhile. */
async function hasSameBody(journal: Journal, job: NewJob, body: SentBody, found: FoundJob): Promise<boolean | null> {
  if (found.digest === job.digest) return true;
  // Other bytes may still be the same request: other spaces, another order of members.
  const stored = await journal.requestText(job.id);
  return stored === null ? null : canonicalJson(JSON.parse(stored) as JsonValue) === canonicalJson(body.value);
}
