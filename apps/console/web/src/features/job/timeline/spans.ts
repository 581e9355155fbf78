/** A job's timeline as rows: where each begins and ends on the way from its creation to its end. */
import type { JobDetails, Timeline } from '@holdfast/admin';

export type SpanKind = 'wait' | 'attempt' | 'call' | 'step';

export interface Span {
  id: string;
  kind: SpanKind;
  label: string;
  /** In ms. */
  start: number;
  /** null: still going on. */
  end: number | null;
  /** When the first token came. */
  firstToken: number | null;
  outcome: string | null;
  /** More about it, in short phrases. */
  notes: string[];
}

const ms = (time: string) => Date.parse(time);
const msOrNull = (time: string | null) => (time === null ? null : Date.parse(time));

type Attempt = Timeline['attempts'][number];
type Call = Timeline['calls'][number];
type Step = Timeline['steps'][number];

const withoutNulls = (notes: (string | null | false)[]) => notes.filter((note): note is string => Boolean(note));

function waitInQueue({ created_at, due_at, started_at, finished_at }: JobDetails): Span {
  const start = Math.max(ms(created_at), msOrNull(due_at) ?? 0);
  return {
    id: 'wait',
    kind: 'wait',
    label: 'Wait in the queue',
    start,
    end: msOrNull(started_at) ?? msOrNull(finished_at),
    firstToken: null,
    outcome: null,
    notes: due_at === null ? [] : ['after its delay'],
  };
}

/** Of a job whose attempts aren't known: from its first beginning to its end. */
function wholeRun({ started_at, finished_at, status }: JobDetails): Span[] {
  if (started_at === null) return [];
  return [
    {
      id: 'run',
      kind: 'attempt',
      label: 'Run',
      start: ms(started_at),
      end: msOrNull(finished_at),
      firstToken: null,
      outcome: status,
      notes: [],
    },
  ];
}

function attemptSpan({ attempt, worker, started_at, ended_at, outcome, error_code }: Attempt): Span {
  return {
    id: `attempt ${attempt}`,
    kind: 'attempt',
    label: `Attempt ${attempt}`,
    start: ms(started_at),
    end: msOrNull(ended_at),
    firstToken: null,
    outcome,
    notes: withoutNulls([worker, error_code]),
  };
}

function callSpan(call: Call, at: number): Span {
  const { attempt, provider, model, started_at, ended_at, first_token_at, outcome, error_code, resumed } = call;
  return {
    id: `call ${attempt} ${at}`,
    kind: 'call',
    label: call.call === '' ? 'Provider call' : `Call “${call.call}”`,
    start: ms(started_at),
    end: msOrNull(ended_at),
    firstToken: msOrNull(first_token_at),
    outcome,
    notes: withoutNulls([`${model} at ${provider}`, resumed && 'resumed, not paid again', error_code]),
  };
}

function stepSpan({ step, attempt, started_at, ended_at }: Step): Span {
  return {
    id: `step ${attempt} ${step}`,
    kind: 'step',
    label: `Step “${step}”`,
    start: ms(started_at),
    end: msOrNull(ended_at),
    firstToken: null,
    outcome: null,
    notes: [],
  };
}

/** The wait between an attempt and the next one. */
function retryWait({ attempt, ended_at, retry_at }: Attempt, next: Attempt | undefined): Span[] {
  if (ended_at === null || retry_at === null) return [];
  return [
    {
      id: `retry ${attempt}`,
      kind: 'wait',
      label: 'Wait for the retry',
      start: ms(ended_at),
      end: next ? ms(next.started_at) : null,
      firstToken: null,
      outcome: null,
      notes: [],
    },
  ];
}

/** In the order of time; calls and steps below their attempt. A job without a timeline has its wait and its run. */
export function spansOf(job: JobDetails): Span[] {
  if (job.timeline === null) return [waitInQueue(job), ...wholeRun(job)];
  const { attempts, calls, steps } = job.timeline;
  const below = (number: number) =>
    [
      ...steps.filter(({ attempt }) => attempt === number).map(stepSpan),
      ...calls.filter(({ attempt }) => attempt === number).map(callSpan),
    ].sort((one, other) => one.start - other.start);
  const withoutAttempt = steps.filter(({ attempt }) => attempt === null).map(stepSpan);
  return [
    waitInQueue(job),
    ...attempts.flatMap((attempt, at) => [
      attemptSpan(attempt),
      ...below(attempt.attempt),
      ...retryWait(attempt, attempts[at + 1]),
    ]),
    ...withoutAttempt,
  ];
}

export interface Scale {
  start: number;
  end: number;
}

/** From the first beginning to the last end, or to `now` where something goes on. */
export function scaleOf(spans: readonly Span[], now: number): Scale {
  const start = Math.min(...spans.map((span) => span.start));
  const end = Math.max(...spans.map((span) => span.end ?? now));
  return { start, end: Math.max(end, start + 1) };
}

/** Where a time is on a scale, in percent. */
export function percentAt(time: number, { start, end }: Scale): number {
  return Math.min(100, Math.max(0, ((time - start) / (end - start)) * 100));
}
