/**
 * Kills a task's process at every moment of its run, one after another, and lets the next one go on. Whatever the moment:
 *
 *   - the output and the text that readers keep are those of a run without a crash
 *   - no answer that is stored is paid for again
 */
import { canonicalJson, type JsonValue } from '@holdfast/core';
import type { TypedTask } from '../task.ts';
import { type RunOptions, runTask, type TaskRun } from './run-task.ts';

export interface CheckedCrash<Output> {
  /** Where it was killed, as in `TaskRun.moments`. */
  moment: string;
  run: TaskRun<Output>;
}

/**
 * Runs `task` once as it is, then once for each moment of that run, killed there. Resolves with those runs.
 * @throws Error naming the moment, and what was another then: what differs from run to run belongs into a step
 */
export async function checkCrashes<Name extends string, Input, Output>(
  task: TypedTask<Name, Input, Output>,
  options: Omit<RunOptions<Input>, 'crashAt'>,
): Promise<CheckedCrash<Output>[]> {
  const whole = await runTask(task, options);
  const checked: CheckedCrash<Output>[] = [];
  for (const moment of whole.moments) {
    const run = await runTask(task, { ...options, crashAt: moment });
    const faults = faultsOf(whole, run);
    if (faults.length > 0)
      throw new Error(`Killed at "${moment}", the task does not come to the same: ${faults.join('; ')}.`);
    checked.push({ moment, run });
  }
  return checked;
}

function faultsOf<Output>(whole: TaskRun<Output>, run: TaskRun<Output>): string[] {
  const differing = (['status', 'output', 'text'] as const).filter((member) => !isSame(whole[member], run[member]));
  const answered = run.calls.filter(({ outcome }) => outcome === 'answered').map(({ id }) => id);
  const twice = answered.filter((id, at) => answered.indexOf(id) !== at);
  return [
    ...differing.map((member) => `${member} is ${shown(run[member])}, without the crash ${shown(whole[member])}`),
    ...twice.map((id) => `the call ${id} is paid for twice`),
  ];
}

function isSame(one: unknown, other: unknown): boolean {
  return canonicalJson(one as JsonValue) === canonicalJson(other as JsonValue);
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
