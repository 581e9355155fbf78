/** Checks a whole journal by itself. */

import { notesTask } from '../jobs.ts';
import { assertPromise, endings, readEntries } from './job.ts';

/** Checks the calls of one kind of job. */
interface Calls {
  /** Calls that were begun and not resumed. */
  readonly begun: number;
  see(type: string, data: Record<string, unknown>): void;
}

/** Of a pass-through job: an attempt is one call, and emits all of its text. */
class OneCall implements Calls {
  begun = 0;
  #tag = '';
  readonly #before = new Set<string>();

  see(type: string, data: Record<string, unknown>): void {
    if (type === 'attempt.started' && data.resumed === false) {
      this.begun += 1;
      this.#before.add(this.#tag);
      this.#tag = '';
    }
    if (type !== 'text.delta') return;
    this.#tag ||= tagOf(String(data.text));
    assertPromise(!this.#before.has(this.#tag), `a call writes no text after the next call has begun: ${this.#tag}`);
  }
}

/** Of a task with several calls, some of them in steps: results of completed calls and steps are replayed. */
class ManyCalls implements Calls {
  begun = 0;
  /** Calls that were answered in this run. */
  readonly #answered = new Set<unknown>();
  /** Steps that were completed in any run of the job. */
  readonly #completed = new Set<unknown>();

  see(type: string, { call, step, resumed }: Record<string, unknown>): void {
    if (type === 'job.accepted') this.#answered.clear();
    if (type === 'call.started') {
      if (resumed === false) this.begun += 1;
      const around = String(call).split('/').slice(0, -1).join('/');
      assertPromise(!this.#completed.has(around), `a completed step makes no further call: ${call}`);
      assertPromise(!this.#answered.has(call), `a call that has been answered isn't made again: ${call}`);
    } else if (type === 'call.completed') {
      this.#answered.add(call);
    } else if (type === 'step.completed') {
      assertPromise(!this.#completed.has(step), `a step is completed once: ${step}`);
      this.#completed.add(step);
    }
  }
}

const tagOf = (text: string) => text.split('.')[0] ?? '';

/** @throws BrokenPromise */
export function checkJournal(log: string, providerCalls: number): void {
  const entries = readEntries(log);
  const calls = entries[0]?.data.task === notesTask.name ? new ManyCalls() : new OneCall();
  let open = false;
  let running = false;
  let attempt = 0;
  /** The text of a reader that drops text where an event says so. */
  let emitted = '';
  for (const [at, { seq, type, data }] of entries.entries()) {
    assertPromise(seq === at + 1, `events are numbered 1 to n: ${seq} in place ${at + 1}`);
    if (type === 'job.accepted') {
      assertPromise(
        !open && (at === 0) === (data.again !== true),
        `a run begins only when none is open (event ${seq})`,
      );
      open = true;
    } else {
      assertPromise(open, `after the end comes nothing but job.accepted, not ${type} (event ${seq})`);
    }
    if (type === 'attempt.started') {
      assertPromise(Number(data.attempt) > attempt, `attempts come in order: ${data.attempt} after ${attempt}`);
      attempt = Number(data.attempt);
      running = true;
      if (data.resumed === false) emitted = '';
    } else if (type === 'text.delta') {
      assertPromise(running, `text comes from an attempt that has begun (event ${seq})`);
      emitted += String(data.text);
      checkPieces(emitted);
    } else if (type === 'attempt.failed') {
      running = false;
    } else if (type in endings) {
      open = false;
      running = false;
    }
    calls.see(type, data);
    if (type === 'job.completed') {
      assertPromise(
        data.output === emitted,
        `the output is the emitted text: ${String(data.output)}, emitted ${emitted}`,
      );
    }
  }
  assertPromise(!open, 'every accepted job ends once the faults stop');
  assertPromise(
    calls.begun === providerCalls,
    `${providerCalls} provider calls are counted, ${calls.begun} were begun`,
  );
}

/** A reader's text is that of one call, complete from its first piece. */
function checkPieces(emitted: string): void {
  const pieces = emitted.trim().split(' ');
  for (const [number, piece] of pieces.entries()) {
    const next = `${tagOf(emitted)}.${number}`;
    assertPromise(piece === next, `readers get piece ${next} next, not ${piece}`);
  }
}
