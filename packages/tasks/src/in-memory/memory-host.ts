/**
 * What a running task asks of its worker, in memory: one attempt at the job of a test. The rules are those of the worker's
 * `AttemptHost`, on a lane without background responses; `tests/conformance/task-hosts.test.ts` plays the same cases on both.
 *
 * After a crash nothing that the task asks for ever comes: the code of a process that was killed does not go on either.
 */
import type { JsonValue } from '@holdfast/core';
import type { AnswerFormat } from '../answer/answer-format.ts';
import type { HostCall, StoredResult, TaskHost } from '../context/task-host.ts';
import { TaskError } from '../task-error.ts';
import type { CrashPlan } from './crash-plan.ts';
import type { MemoryJournal, ModelCall } from './memory-journal.ts';
import { requestOf, type Script, type Spoken, spoken } from './scripted-model.ts';

interface HostOptions {
  journal: MemoryJournal;
  script: Script;
  crashes: CrashPlan;
  attempt: number;
  model: string;
  metadata: Readonly<Record<string, string>>;
  logger: TaskHost['logger'];
}

export class MemoryHost implements TaskHost {
  readonly jobId = 'job_test';
  readonly attempt: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly logger: TaskHost['logger'];
  readonly signal: AbortSignal;
  readonly model: string;
  readonly endpoint = 'chat.completions';
  readonly answerFormats = newAnswerFormats();
  /** Resolves when the attempt crashes; rejects with a fault of the test. */
  readonly crashed: Promise<void>;
  readonly #journal: MemoryJournal;
  readonly #script: Script;
  readonly #crashes: CrashPlan;
  readonly #crash = Promise.withResolvers<void>();
  readonly #broken = new AbortController();
  readonly #running = new Set<Promise<unknown>>();
  #hasCrashed = false;
  /** Stored texts are emitted again. */
  #emitsAgain = false;
  /** A visible call is under way. */
  #isEmitting = false;
  /** Why the task may ask for nothing more. */
  #end: unknown = null;

  constructor({ journal, script, crashes, attempt, model, metadata, logger }: HostOptions) {
    this.attempt = attempt;
    this.metadata = metadata;
    this.logger = logger;
    this.model = model;
    this.signal = this.#broken.signal;
    this.crashed = this.#crash.promise;
    this.crashed.catch(() => undefined);
    this.#journal = journal;
    this.#script = script;
    this.#crashes = crashes;
  }

  serves(): boolean {
    return true;
  }

  async passThrough(): Promise<JsonValue> {
    throw new TypeError('A built-in task has no code to test.');
  }

  async begin(): Promise<void> {
    const journal = this.#journal;
    // A call that a crashed attempt left open can't be resumed.
    if (journal.openVisible.size > 0) journal.textDiscarded = true;
    journal.openVisible.clear();
    const resumed = this.attempt > 1 && !journal.textDiscarded;
    this.#emitsAgain = !resumed;
    // Until all that was emitted is emitted again.
    if (!resumed && this.attempt > 1) journal.textDiscarded = true;
    journal.write('attempt.started', { attempt: this.attempt, resumed });
    await this.#pass('attempt started');
  }

  async call(call: HostCall): Promise<StoredResult<string | null>> {
    await this.#untilAllowed();
    if (call.visible && this.#isEmitting) throw new TaskError('Two calls that readers see run side by side.');
    const stored = this.#journal.answers.get(call.id);
    if (stored) return this.#replay(call.id, stored);
    if (call.visible) this.#isEmitting = true;
    const making = this.#make(call);
    this.#running.add(making);
    try {
      return await making;
    } finally {
      this.#running.delete(making);
      if (call.visible) this.#isEmitting = false;
    }
  }

  async replayStep(path: string): Promise<StoredResult<JsonValue> | null> {
    await this.#untilAllowed();
    const stored = this.#journal.steps.get(path);
    return stored ? this.#replay(path, stored) : null;
  }

  async completeStep(path: string, result: StoredResult<JsonValue>): Promise<void> {
    await this.#untilAllowed();
    await this.#pass(`step ${path} done`);
    const { answers, steps } = this.#journal;
    for (const id of [...answers.keys()]) if (id.startsWith(`${path}/`)) answers.delete(id);
    steps.set(path, result);
    this.#journal.write('step.completed', { step: path });
    await this.#pass(`step ${path} stored`);
  }

  /** The task has returned its output. */
  returned(): Promise<void> {
    return this.#pass('task returned');
  }

  /** Ends the calls under way. */
  cutOff(): void {
    this.#broken.abort(new Error('the task has failed'));
  }

  /** Resolves when no call is under way. @throws the error of a call whose text readers have begun, if one has failed */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
    if (this.#end !== null) throw this.#end;
  }

  /** From here on the task can ask for nothing more. */
  close(): void {
    this.#end ??= new TaskError('The attempt is over.');
    // A process that was killed tells its task nothing.
    if (!this.#hasCrashed) this.cutOff();
  }

  async #make(call: HostCall): Promise<StoredResult<string | null>> {
    const journal = this.#journal;
    const { id, visible } = call;
    const made = this.#begin(call);
    const number = journal.calls.push(made);
    await this.#pass(`call ${number} sent`);
    const answer = await this.#script.answer(id, made).catch((fault: unknown) => this.#failTest(fault));
    const said = spoken(answer);
    await thinkingTime();
    // Killed meanwhile, by a crash beside it: it writes nothing more.
    if (this.#hasCrashed) await forever();
    if (visible) await this.#stream(said.pieces, `call ${number} streaming`);
    this.signal.throwIfAborted();
    this.#script.over(id);
    journal.openVisible.delete(id);
    if (said.error !== null) return this.#fail(call, made, { ...said, error: said.error });
    made.outcome = 'answered';
    const stored = { value: said.value, text: visible ? (said.value ?? '') : '' };
    journal.answers.set(id, stored);
    journal.write('call.completed', { call: id, usage: null });
    await this.#pass(`call ${number} stored`);
    return stored;
  }

  #begin({ id, model, body, visible }: HostCall): ModelCall {
    if (visible) this.#journal.openVisible.add(id);
    // What comes before it has been emitted again by now.
    if (visible && this.#emitsAgain && this.attempt > 1) this.#journal.textDiscarded = false;
    this.#journal.write('call.started', { call: id, model, resumed: false });
    const step = id.split('/').slice(0, -1).join('/');
    return { ...requestOf(body, step), id, attempt: this.attempt, stream: visible, outcome: 'lost' };
  }

  async #stream(pieces: readonly string[], moment: string): Promise<void> {
    for (const [at, text] of pieces.entries()) {
      this.signal.throwIfAborted();
      this.#journal.write('text.delta', { text });
      if (at === 0) await this.#pass(moment);
    }
  }

  #fail({ id, visible }: HostCall, made: ModelCall, { error, pieces }: Failed): never {
    made.outcome = 'failed';
    this.#journal.write('call.failed', { call: id, error: error.toJobError() });
    if (visible) this.#journal.textDiscarded = true;
    // Readers have the beginning of a text that won't go on in this attempt, whatever the task makes of it.
    if (visible && pieces.length > 0) this.#end ??= error;
    throw error;
  }

  #replay<Value extends JsonValue>(name: string, stored: StoredResult<Value>): StoredResult<Value> {
    this.#journal.replayed.push(name);
    if (stored.text !== '' && this.#emitsAgain) {
      if (this.#isEmitting) throw new TaskError('A text that readers see is emitted again beside another.');
      this.#journal.write('text.delta', { text: stored.text });
    }
    return stored;
  }

  async #untilAllowed(): Promise<void> {
    if (this.#hasCrashed) await forever();
    if (this.#end !== null) throw this.#end;
    this.signal.throwIfAborted();
  }

  /** Comes to a moment at which a crash may be planned; goes on if none is. */
  async #pass(moment: string): Promise<void> {
    if (!this.#hasCrashed && this.#crashes.isDue(moment)) {
      this.#hasCrashed = true;
      this.#crash.resolve();
    }
    if (this.#hasCrashed) await forever();
  }

  #failTest(fault: unknown): Promise<never> {
    this.#hasCrashed = true;
    this.#crash.reject(fault);
    return forever();
  }
}

type Failed = Spoken & { error: NonNullable<Spoken['error']> };

/** A model takes longer than whatever fails at once beside its call. */
async function thinkingTime(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await undefined;
}

function forever(): Promise<never> {
  return new Promise(() => undefined);
}

function newAnswerFormats(): TaskHost['answerFormats'] {
  const formats = new Map<string, AnswerFormat>();
  return {
    of: (model) => formats.get(model) ?? 'json_schema',
    remember: (model, format) => void formats.set(model, format),
  };
}
