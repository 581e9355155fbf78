/**
 * What a running task asks of its worker: calls and steps whose results are stored in the journal. See `TaskHost` for the contract.
 *
 *   call   stored by an earlier attempt ──▶ replayed
 *          interrupted, or not begun ──▶ `calls/provider-caller.ts` ──▶ stored, then returned
 *   step   the same, without a call; storing it drops what its calls have answered
 *
 * Readers' text: where every text in the journal is one that goes on, the attempt begins as `resumed`, and what was emitted
 * isn't emitted again. Otherwise readers drop it (`resumed: false`), and each stored text is emitted again where the task comes to it.
 */
import {
  AttemptError,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  type Logger,
  outputTextOf,
  type ProviderEndpoint,
} from '@holdfast/core';
import {
  type AttemptWriter,
  answerField,
  type Claim,
  type FieldChanges,
  type Journal,
  readText,
  type Stored,
  stepField,
} from '@holdfast/journal';
import { type HostCall, modelOf, type Task, TaskError, type TaskHost } from '@holdfast/tasks';
import type { AttemptTimeline } from '../attempt/attempt-timeline.ts';
import type { EmittedText } from '../attempt/emitted-text.ts';
import type { StopSignal } from '../attempt/stop-signal.ts';
import type { ProviderAnswer } from '../calls/prepared-call.ts';
import type { ProviderCallState } from '../calls/provider-call-state.ts';
import type { ProviderCaller } from '../calls/provider-caller.ts';
import type { ProviderCalls } from '../calls/provider-calls.ts';
import type { AttemptTrace } from '../tracing/attempt-trace.ts';
import { createTaskLogger } from './task-logger.ts';

/** Made once: their stacks would say nothing, and cost more than much else of a short job. */
const ATTEMPT_OVER = new TaskError('The attempt is over.');
const TASK_FAILED = new Error('the task has failed');

type StoredText = Stored & { value: string | null };

interface HostOptions {
  claim: Claim;
  task: Task;
  /** The lane's providers run `responses` in the background. */
  background: boolean;
  stop: StopSignal;
  writer: AttemptWriter;
  text: EmittedText;
  calls: ProviderCalls;
  timeline: AttemptTimeline;
  caller: ProviderCaller;
  journal: Journal;
  trace: Pick<AttemptTrace, 'stepBegins' | 'stepReplayed' | 'stepEnds'>;
  answerFormats: TaskHost['answerFormats'];
  /** Whether the job's lane serves this model. */
  serves: (model: string) => boolean;
  logger: Logger;
}

export class AttemptHost implements TaskHost {
  readonly jobId: string;
  readonly attempt: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly logger: TaskHost['logger'];
  readonly signal: AbortSignal;
  readonly model: string;
  readonly endpoint: TaskHost['endpoint'];
  readonly answerFormats: TaskHost['answerFormats'];
  readonly serves: TaskHost['serves'];
  readonly #options: HostOptions;
  readonly #answers: Map<string, Stored>;
  readonly #cutOff = new AbortController();
  readonly #running = new Set<Promise<unknown>>();
  /** When steps under way have begun, for the job's timeline. */
  readonly #stepStarts = new Map<string, number>();
  /** Stored texts are emitted again. */
  #emitsAgain = false;
  /** Id of the visible call that is under way. */
  #visibleCall: string | null = null;
  /** Why the task may ask for nothing more. */
  #end: unknown = null;
  #isClosed = false;

  constructor(options: HostOptions) {
    const { claim, task, stop, logger } = options;
    this.jobId = claim.jobId;
    this.attempt = claim.attempt;
    this.metadata = claim.request.metadata ?? {};
    this.logger = createTaskLogger(logger, { jobId: claim.jobId, attempt: claim.attempt, task: task.name });
    this.signal = AbortSignal.any([stop.signal, this.#cutOff.signal]);
    this.model = modelOf(task, claim.request.input);
    this.endpoint = options.background ? 'responses' : 'chat.completions';
    this.answerFormats = options.answerFormats;
    this.serves = options.serves;
    this.#options = options;
    this.#answers = new Map(claim.calls.answers);
  }

  async passThrough(endpoint: ProviderEndpoint, body: JsonObject): Promise<JsonValue> {
    const { journal, writer, text, calls, caller } = this.#options;
    if (calls.get('')?.response) text.restore(await readText(journal, this.jobId));
    const { output } = await caller.call({
      id: '',
      endpoint,
      body,
      signal: this.signal,
      emits: 'all',
      announce: (resumed, fields) => writer.write('attempt.started', { attempt: this.attempt, resumed }, fields),
    });
    writer.change(calls.complete(''));
    return output;
  }

  async begin(): Promise<void> {
    const { journal, writer, text, calls } = this.#options;
    const open = [...calls.open()];
    // Text of a call that can't be resumed where it was.
    const isCut = open.some(({ visible, response }) => visible && !response);
    const resumed = this.attempt > 1 && !text.isDiscarded && !isCut;
    this.#emitsAgain = !resumed;
    if (!resumed) for (const call of open) emitFromStart(call);
    // Until all that was emitted is emitted again: see `#callProvider`.
    const fields: FieldChanges = resumed || this.attempt === 1 ? {} : { text_discarded: 1 };
    writer.write('attempt.started', { attempt: this.attempt, resumed }, fields);
    if (resumed) text.restore(await readText(journal, this.jobId));
  }

  async call(call: HostCall): Promise<StoredText> {
    this.#throwIfOver();
    if (call.visible && this.#visibleCall !== null) throw new TaskError('Two calls that readers see run side by side.');
    const stored = this.#answers.get(call.id);
    if (stored) return this.#replay({ ...stored, value: stored.value === null ? null : String(stored.value) });
    if (call.visible) this.#visibleCall = call.id;
    const making = this.#make(call);
    this.#running.add(making);
    try {
      return await making;
    } finally {
      this.#running.delete(making);
      if (call.visible) this.#visibleCall = null;
    }
  }

  replayStep(path: string): Stored | null {
    this.#throwIfOver();
    const { claim, timeline, trace } = this.#options;
    const stored = claim.calls.steps.get(path);
    if (stored) {
      trace.stepReplayed(path);
      return this.#replay(stored);
    }
    trace.stepBegins(path);
    this.#stepStarts.set(path, timeline.ms);
    return null;
  }

  async completeStep(path: string, result: Stored): Promise<void> {
    this.#throwIfOver();
    const { writer, timeline, trace } = this.#options;
    const inside = [...this.#answers.keys()].filter((id) => id.startsWith(`${path}/`));
    for (const id of inside) this.#answers.delete(id);
    const dropped = inside.map((id) => answerField(id, null));
    const ended = timeline.endStep(path, this.#stepStarts.get(path) ?? timeline.ms);
    this.#stepStarts.delete(path);
    writer.write('step.completed', { step: path }, Object.assign({}, ...dropped, stepField(path, result), ended));
    await writer.flushed();
    trace.stepEnds(path);
  }

  /** Ends the calls under way. */
  cutOff(): void {
    this.#cutOff.abort(TASK_FAILED);
  }

  /** Resolves when no call is under way. @throws the error of a call whose text readers have begun, if one has failed */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
    if (this.#end !== null) throw this.#end;
  }

  /** From here on the task can ask for nothing more. */
  close(): void {
    this.#isClosed = true;
    this.#end ??= ATTEMPT_OVER;
    this.cutOff();
  }

  #throwIfOver(): void {
    if (this.#end !== null) throw this.#end;
    this.signal.throwIfAborted();
  }

  #replay<Given extends Stored>(stored: Given): Given {
    if (stored.text !== '' && this.#emitsAgain) {
      if (this.#visibleCall !== null) throw new TaskError('Two texts that readers see are emitted side by side.');
      this.#options.text.emit({ text: stored.text });
    }
    return stored;
  }

  async #make(call: HostCall): Promise<StoredText> {
    const { id, visible } = call;
    const { writer, calls, text } = this.#options;
    const wasEmitted = (calls.get(id)?.emitted ?? 0) > 0;
    const lengthBefore = text.length;
    try {
      const { output, usage, emitted, provider } = await this.#callProvider(call);
      const value = textOf(output, provider);
      // Of an answer that came in one piece, or whose stream could not be resumed, readers have nothing or the beginning.
      if (visible && value !== null && value.length > emitted) text.emit({ text: value.slice(emitted) });
      const stored = { value, text: visible ? (value ?? '') : '' };
      this.#answers.set(id, stored);
      writer.write('call.completed', { call: id, usage }, answerField(id, stored));
      await writer.flushed();
      return stored;
    } catch (error) {
      if (!(error instanceof AttemptError) || this.#isClosed) throw error;
      writer.write('call.failed', { call: id, error: error.toJobError() });
      // Readers have the beginning of a text that won't go on in this attempt, whatever the task does about it.
      if (visible && (wasEmitted || text.length > lengthBefore)) this.#end ??= error;
      throw error;
    }
  }

  /** The answer of a call that is over; the journal stores that with the next event. `emitted`: how much of it readers have. */
  async #callProvider({ id, model, body, visible }: HostCall): Promise<ProviderAnswer & { emitted: number }> {
    const { writer, calls, caller } = this.#options;
    // What comes before it has been emitted by now.
    const again: FieldChanges = visible && this.#emitsAgain && this.attempt > 1 ? { text_discarded: '' } : {};
    const answer = await caller.call({
      id,
      endpoint: this.endpoint,
      body,
      signal: this.signal,
      emits: visible ? 'text' : 'nothing',
      announce: (resumed, fields) =>
        writer.write('call.started', { call: id, model, resumed }, { ...fields, ...again }),
    });
    // The attempt's last event may have been written by now.
    if (this.#isClosed) throw ATTEMPT_OVER;
    const emitted = calls.get(id)?.emitted ?? 0;
    writer.change(calls.complete(id));
    return { ...answer, emitted };
  }
}

/** Readers have dropped what the call had emitted. */
function emitFromStart(call: ProviderCallState): void {
  call.emitted = 0;
  if (call.visible && call.response) call.response.cursor = -1;
}

/**
 * null: the model ended without a text, as one that only thought.
 * @throws AttemptError `content_refused`; `provider_bad_response` where it had no tokens left for a text: asked again, it would do
 *   the same
 */
function textOf(output: JsonValue, provider: string): string | null {
  const text = outputTextOf(output);
  if (text !== null) return text;
  if (/"refusal":"[^"]/.test(JSON.stringify(output))) {
    throw new AttemptError('content_refused', `${provider} refused to answer.`, { provider });
  }
  if (!isCutShort(output)) return null;
  const message = `${provider} answered without a text: it used up its output tokens before. Raise max_output_tokens.`;
  throw new AttemptError('provider_bad_response', message, { provider });
}

function isCutShort(output: JsonValue): boolean {
  if (!isJsonObject(output)) return false;
  const [choice] = Array.isArray(output.choices) ? output.choices : [];
  return output.status === 'incomplete' || (isJsonObject(choice) && choice.finish_reason === 'length');
}
