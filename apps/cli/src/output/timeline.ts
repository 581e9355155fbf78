/** A job's attempts, with the steps and calls of each, in the order in which they began. */
import type { Timeline } from '@holdfast/admin';
import { type Cell, table } from './table.ts';
import { durationText } from './units.ts';

type Attempt = Timeline['attempts'][number];
type Call = Timeline['calls'][number];
type Step = Timeline['steps'][number];

interface Line {
  /** Breaks ties: what contains comes before what it contains. */
  level: 0 | 1 | 2;
  startedAt: string;
  cells: Cell[];
}

const HEADS = ['STARTED', 'TOOK', 'WHAT', 'OUTCOME', 'DETAILS'];

export function timelineText({ attempts, calls, steps }: Timeline): string {
  const lines = [...attempts.map(attemptLine), ...steps.map(stepLine), ...calls.map(callLine)];
  lines.sort((one, other) => compare(one.startedAt, other.startedAt) || one.level - other.level);
  return table(
    HEADS,
    lines.map(({ cells }) => cells),
    'No attempt has begun.',
  );
}

function attemptLine(attempt: Attempt): Line {
  const { worker, error_code, retry_at } = attempt;
  const details = [worker && `worker ${worker}`, error_code, retry_at && `next try at ${retry_at}`];
  return line(0, `attempt ${attempt.attempt}`, attempt, attempt.outcome, details);
}

function stepLine(step: Step): Line {
  return line(1, `step ${step.step}`, step, step.ended_at === null ? 'running' : 'completed', []);
}

function callLine(call: Call): Line {
  const { started_at, first_token_at, input_tokens, output_tokens, cost_usd } = call;
  const details = [
    `${call.provider}, ${call.model}`,
    call.error_code,
    call.resumed && 'resumed',
    first_token_at && `first token after ${durationText(started_at, first_token_at)}`,
    input_tokens !== null && `${input_tokens} tokens in, ${output_tokens} out`,
    cost_usd !== null && `${cost_usd} USD`,
  ];
  return line(2, call.call === '' ? 'call' : `call ${call.call}`, call, call.outcome, details);
}

function line(
  level: Line['level'],
  what: string,
  { started_at, ended_at }: { started_at: string; ended_at: string | null },
  outcome: string,
  details: readonly (string | false | null)[],
): Line {
  const shown = details.filter((detail) => detail !== null && detail !== false && detail !== '');
  const cells = [started_at, durationText(started_at, ended_at), what.padStart(what.length + level * 2), outcome];
  return { level, startedAt: started_at, cells: [...cells, shown.join('; ')] };
}

/** Times in ISO 8601, all in UTC, are in order as texts are. */
const compare = (one: string, other: string) => (one < other ? -1 : Number(one > other));
