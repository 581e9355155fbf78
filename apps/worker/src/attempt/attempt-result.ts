/** What the execution of an attempt comes to, before it is decided how the attempt ends. */
import type { AttemptError, Usage } from '@holdfast/core';
import { type FieldChanges, JournalRefusal } from '@holdfast/journal';
import type { StopReason, StopSignal } from './stop-signal.ts';

export type AttemptResult =
  /** `json`: the answer. `usage` null: what the run's own calls have used. `changes`: stored beside the answer. */
  | { kind: 'answered'; json: string; usage: Usage | null; changes: FieldChanges }
  /** Nothing was tried here. `maxAttempts`: so many may end so. `leavesFollowers`: it waits in its own lane from now on. */
  | { kind: 'put_back'; error: AttemptError; delayMs: number; maxAttempts?: number; leavesFollowers?: boolean }
  | { kind: 'failed'; error: AttemptError }
  | { kind: 'stopped'; reason: StopReason }
  /** The journal takes nothing more from this attempt. */
  | { kind: 'refused'; refusal: JournalRefusal };

/** Never rejects. A stop comes before whatever error it caused. @param toError makes an error of anything thrown */
export async function resultOf(
  stop: StopSignal,
  toError: (thrown: unknown) => AttemptError,
  run: () => Promise<AttemptResult>,
): Promise<AttemptResult> {
  try {
    return await run();
  } catch (thrown) {
    if (stop.reason !== null) return { kind: 'stopped', reason: stop.reason };
    if (thrown instanceof JournalRefusal) return { kind: 'refused', refusal: thrown };
    return { kind: 'failed', error: toError(thrown) };
  }
}
