/**
 * Where a run crashes. A run passes these moments. A crash at one of them loses what is not stored yet, as if the process was killed:
 *
 *   attempt started     nothing has happened
 *   call 2 sent         the second call has left and is paid; its answer is lost
 *   call 2 streaming    readers have the first word of its answer
 *   call 2 stored       its answer is stored
 *   step sort done      the work of the step has returned; its result is lost
 *   step sort stored    its result is stored
 *   task returned       the job has not ended yet
 */

/** A moment by its name; a step by its path: `step … done`; a number: the call that is sent then. */
export type CrashAt = string | number;

export class CrashPlan {
  /** All that the run has passed, in order. */
  readonly passed: string[] = [];
  readonly #planned: string[];

  constructor(crashAt: CrashAt | readonly CrashAt[] | undefined) {
    const all = crashAt === undefined ? [] : Array.isArray(crashAt) ? crashAt : [crashAt as CrashAt];
    this.#planned = all.map(momentOf);
  }

  /** Whether it crashes now. Each planned crash comes once. */
  isDue(moment: string): boolean {
    this.passed.push(moment);
    const at = this.#planned.indexOf(moment);
    if (at >= 0) this.#planned.splice(at, 1);
    return at >= 0;
  }

  /** @throws Error naming a planned crash that never came: the test would show nothing */
  checkDone(): void {
    const [left] = this.#planned;
    if (left === undefined) return;
    throw new Error(`crashAt: the run never came to "${left}". It passed: ${this.passed.join(', ')}.`);
  }
}

/** Names of moments have a space in them, those of steps don't. */
function momentOf(at: CrashAt): string {
  if (typeof at === 'number') return `call ${at} sent`;
  return at.includes(' ') ? at : `step ${at} done`;
}
