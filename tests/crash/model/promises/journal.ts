/** What a whole journal shows by itself, whoever wrote it. */

import { notesTask } from '../jobs.ts';
import { endings, promise, readEntries } from './job.ts';

/** What the jobs of one kind promise of their calls. */
interface Calls {
  /** Calls that were begun, each counted when it was. */
  readonly begun: number;
  see(type: string, data: Record<string, unknown>): void;
}

/** Of a job that passes a request through: an attempt is a call, and tells all of it. */
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
    promise(!this.#before.has(this.#tag), `a call writes between two beginnings: not ${this.#tag} again`);
  }
}

/** Of a task that makes calls of its own, some of them in steps: what is completed is kept. */
class ManyCalls implements Calls {
  begun = 0;
  /** Of this run. */
  readonly #answered = new Set<unknown>();
  /** Of this life of the job. */
  readonly #completed = new Set<unknown>();

  see(type: string, { call, step, resumed }: Record<string, unknown>): void {
    if (type === 'job.accepted') this.#answered.clear();
    if (type === 'call.started') {
      if (resumed === false) this.begun += 1;
      const around = String(call).split('/').slice(0, -1).join('/');
      promise(!this.#completed.has(around), `a step that is completed makes no call again: ${call}`);
      promise(!this.#answered.has(call), `a call that has been answered isn't made again: ${call}`);
    } else if (type === 'call.completed') {
      this.#answered.add(call);
    } else if (type === 'step.completed') {
      promise(!this.#completed.has(step), `a step is completed once: ${step}`);
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
  /** What a reader has, who drops what is to be dropped. */
  let told = '';
  for (const [at, { seq, type, data }] of entries.entries()) {
    promise(seq === at + 1, `events are numbered 1 to n: ${seq} in place ${at + 1}`);
    if (type === 'job.accepted') {
      promise(!open && (at === 0) === (data.again !== true), `a run begins where none is open (event ${seq})`);
      open = true;
    } else {
      promise(open, `nothing comes after the end but job.accepted, not ${type} (event ${seq})`);
    }
    if (type === 'attempt.started') {
      promise(Number(data.attempt) > attempt, `attempts come in order: ${data.attempt} after ${attempt}`);
      attempt = Number(data.attempt);
      running = true;
      if (data.resumed === false) told = '';
    } else if (type === 'text.delta') {
      promise(running, `text comes from an attempt that has begun (event ${seq})`);
      told += String(data.text);
      checkPieces(told);
    } else if (type === 'attempt.failed') {
      running = false;
    } else if (type in endings) {
      open = false;
      running = false;
    }
    calls.see(type, data);
    if (type === 'job.completed') {
      promise(data.output === told, `the output is what was told: ${String(data.output)} after ${told}`);
    }
  }
  promise(!open, 'every accepted job ends once the faults stop');
  promise(calls.begun === providerCalls, `${providerCalls} provider calls are counted, ${calls.begun} were begun`);
}

/** The text that a reader has is one call's, from its first piece on. */
function checkPieces(told: string): void {
  const pieces = told.trim().split(' ');
  for (const [number, piece] of pieces.entries()) {
    const next = `${tagOf(told)}.${number}`;
    promise(piece === next, `the next piece that readers get is ${next}, not ${piece}`);
  }
}
