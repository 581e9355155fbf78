/** Step 3 of an attempt: the task, its lane, and what earlier attempts have left of their calls. */
import { AttemptError } from '@holdfast/core';
import type { Claim } from '@holdfast/journal';
import type { Task } from '@holdfast/tasks';
import type { ProviderCalls } from '../calls/provider-calls.ts';
import type { Lane } from '../lanes/lane-providers.ts';
import type { AttemptResult } from './attempt-result.ts';
import type { EmittedText } from './emitted-text.ts';

/** Between two workers of different versions: a deploy may take some minutes. */
const PUT_BACK_MS = 5_000;
const MAX_PUT_BACK = 60;

interface AttemptToPrepare {
  claim: Pick<Claim, 'lane' | 'request'>;
  /** null: this worker doesn't know the lane. */
  lane: Lane | null;
  calls: Pick<ProviderCalls, 'abandonLost'>;
  text: Pick<EmittedText, 'discard'>;
}

interface PreparedTask {
  kind: 'prepared';
  task: Task;
  lane: Lane;
}

type PutBack = Extract<AttemptResult, { kind: 'put_back' }>;

/**
 * @returns `put_back` where an API of another version, or with other settings, accepted the job
 * @throws AttemptError `ambiguous_call`, where a call may have been paid for nothing and the job's policy is to fail then
 */
export function prepareTask(attempt: AttemptToPrepare, tasks: ReadonlyMap<string, Task>): PreparedTask | PutBack {
  const { claim, lane } = attempt;
  const task = tasks.get(claim.request.task);
  if (!task || !lane) return putBack(task ? `lane "${claim.lane}"` : `task "${claim.request.task}"`);
  abandonLostCalls(attempt, lane);
  return { kind: 'prepared', task, lane };
}

function putBack(unknown: string): PutBack {
  const message = `This worker knows no ${unknown}; another may.`;
  const error = new AttemptError('internal_error', message, { retryable: true });
  return { kind: 'put_back', error, delayMs: PUT_BACK_MS, maxAttempts: MAX_PUT_BACK };
}

function abandonLostCalls({ claim, calls, text }: AttemptToPrepare, { providers }: Lane): void {
  const lost = calls.abandonLost((name) => providers.some(({ provider }) => provider.name === name));
  if (lost.some(({ visible }) => visible)) text.discard();
  if (lost.length === 0 || claim.request.on_ambiguous !== 'fail') return;
  throw new AttemptError('ambiguous_call', 'A provider call broke off, and may have been paid for; see on_ambiguous.');
}
