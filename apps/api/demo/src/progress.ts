/** What the page shows of a job. It depends only on the job's events, so replaying them gives the same page again. */
import type { JobEvent, JobStatus, TextSnapshot } from '/demo/client/index.js';
import { wordsForJobError } from './plain-words.ts';

export type Tone = 'plain' | 'good' | 'bad';

export interface Progress {
  text: string;
  status: JobStatus;
  attempt: number;
  events: number;
  /** What the reader should know now: that a retry is coming, or why the job failed. */
  notice: string | null;
  history: readonly { text: string; tone: Tone }[];
}

export const noProgress: Progress = { text: '', status: 'queued', attempt: 0, events: 0, notice: null, history: [] };

export function progressAfter(before: Progress, { text, event }: TextSnapshot): Progress {
  const after = { ...before, text, events: event.seq, ...changeBy(event) };
  const entry = entryFor(event);
  return entry === null ? after : { ...after, history: [...before.history, entry] };
}

function changeBy(event: JobEvent): Partial<Progress> {
  switch (event.type) {
    case 'job.accepted':
      return { status: 'queued', notice: null };
    case 'attempt.started':
      return { status: 'running', attempt: event.data.attempt, notice: null };
    case 'attempt.failed':
      return { status: 'queued', notice: retryNotice(event) };
    case 'call.delayed':
      return {
        status: 'running',
        notice: `${wordsForJobError(event.data.error)}; waiting for it. You don’t have to do anything.`,
      };
    case 'provider.switched':
    case 'text.delta':
      return { notice: null };
    case 'job.completed':
      return { status: 'completed', notice: null };
    case 'job.failed':
      return { status: 'failed', notice: failureNotice(event) };
    case 'job.cancelled':
      return { status: 'cancelled', notice: null };
    default:
      return {};
  }
}

type EventOf<Type extends JobEvent['type']> = Extract<JobEvent, { type: Type }>;

function retryNotice({ data }: EventOf<'attempt.failed'>): string {
  const at = new Date(data.retry_at).toLocaleTimeString();
  return `${wordsForJobError(data.error)}; trying again at ${at}. You don’t have to do anything.`;
}

function failureNotice({ data: { error } }: EventOf<'job.failed'>): string {
  const words = wordsForJobError(error);
  const reason = error.message.startsWith(words) ? error.message : `${words}: ${error.message}`;
  const advice = error.retryable ? 'Run it again later.' : 'The same request would fail again: send a different one.';
  return `${reason} ${advice}`;
}

function entryFor(event: JobEvent): Progress['history'][number] | null {
  switch (event.type) {
    case 'job.accepted':
      return { text: event.data.again ? 'Run again at the same address' : 'Accepted', tone: 'plain' };
    case 'attempt.started':
      return { text: startOf(event), tone: 'plain' };
    case 'attempt.failed':
      return { text: `${wordsForJobError(event.data.error)}: will be tried again`, tone: 'bad' };
    case 'call.delayed':
      return { text: `${wordsForJobError(event.data.error)}: waiting for it`, tone: 'plain' };
    case 'job.completed':
      return { text: 'Completed', tone: 'good' };
    case 'job.failed':
      return { text: 'Failed for good', tone: 'bad' };
    case 'job.cancelled':
      return { text: 'Stopped', tone: 'plain' };
    default:
      return null;
  }
}

function startOf({ data }: EventOf<'attempt.started'>): string {
  if (data.attempt === 1) return 'Attempt 1 began';
  return `Attempt ${data.attempt} ${data.resumed ? 'resumed the running answer' : 'started over'}`;
}
