/**
 * What a running task asks of its worker: calls and steps that are kept in the journal. See `TaskHost` for the contract.
 *
 *   call   kept by an earlier attempt ──▶ given back
 *          left running, or not begun ──▶ `call-provider.ts` ──▶ kept, then given
 *   step   the same, without a call; keeping it drops what its calls have answered
 *
 * Readers' text: where every text in the journal is one that goes on, the attempt begins as `resumed` and what was emitted
 * isn't emitted again; else readers drop it (`resumed: false`), and each stored text is emitted again where the task comes to it.
 */
import {
  AttemptError,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  outputTextOf,
  type ProviderEndpoint,
} from '@holdfast/core';
import { answerField, type FieldChanges, readText, type Stored, stepField } from '@holdfast/journal';
import { type HostCall, modelOf, TaskError, type TaskHost } from '@holdfast/tasks';
import { type Answer, callProvider } from '../calls/call-provider.ts';
import { type CallSlot, completeCall } from '../calls/call-slots.ts';
import type { Lane } from '../calls/lane-providers.ts';
import { createTaskLogger } from '../tasks/task-logger.ts';
import type { Attempt, PreparedTask, WorkerParts } from './run-attempt.ts';

/** Made once: their stacks would say nothing, and cost more than much else of a short job. */
const ATTEMPT_OVER = new TaskError('The attempt is over.');
const TASK_FAILED = new Error('the task has failed');

type StoredText = Stored & { value: string | null };

export class AttemptHost implements TaskHost {
  readonly jobId: string;
  readonly attempt: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly logger: TaskHost['logger'];
  readonly signal: AbortSignal;
  readonly model: string;
  readonly endpoint: TaskHost['endpoint'];
  readonly answerFormats: TaskHost['answerFormats'];
  readonly #parts: WorkerParts;
  readonly #attempt: Attempt;
  readonly #lane: Lane;
  readonly #answers: Map<string, Stored>;
  readonly #broken = new AbortController();
  readonly #running = new Set<Promise<unknown>>();
  /** Stored texts are emitted again. */
  #tellsAgain = false;
  /** Id of the visible call that is under way. */
  #telling: string | null = null;
  /** Why the task may ask for nothing more. */
  #end: unknown = null;
  #isClosed = false;

  constructor(parts: WorkerParts, attempt: Attempt, { task, lane }: PreparedTask) {
    const { claim, order, logger } = attempt;
    this.jobId = claim.jobId;
    this.attempt = claim.attempt;
    this.metadata = claim.request.metadata ?? {};
    this.logger = createTaskLogger(logger, { jobId: claim.jobId, attempt: claim.attempt, task: task.name });
    this.signal = AbortSignal.any([order.signal, this.#broken.signal]);
    this.model = modelOf(task, claim.request.input);
    this.endpoint = lane.background ? 'responses' : 'chat.completions';
    this.answerFormats = parts.knownFormats.ofLane(claim.lane);
    this.#parts = parts;
    this.#attempt = attempt;
    this.#lane = lane;
    this.#answers = new Map(claim.calls.answers);
  }

  serves(model: string): boolean {
    return this.#parts.laneOf(model) === this.#attempt.claim.lane;
  }

  async passThrough(endpoint: ProviderEndpoint, body: JsonObject): Promise<JsonValue> {
    const { journal } = this.#parts;
    const attempt = this.#attempt;
    const { writer } = attempt;
    if (attempt.calls.get('')?.response) attempt.text = await readText(journal, this.jobId);
    const { output } = await callProvider(this.#parts, attempt, {
      ...{ id: '', lane: this.#lane, endpoint, body, signal: this.signal, tells: 'all' },
      announce: (resumed, fields) => writer.write('attempt.started', { attempt: this.attempt, resumed }, fields),
    });
    writer.change(completeCall(attempt, ''));
    return output;
  }

  async begin(): Promise<void> {
    const attempt = this.#attempt;
    const { writer, calls } = attempt;
    // Text of a call that can't be taken up where it was.
    const isCut = [...calls.values()].some(({ visible, response }) => visible && !response);
    const resumed = this.attempt > 1 && !attempt.textDiscarded && !isCut;
    this.#tellsAgain = !resumed;
    if (!resumed) for (const slot of calls.values()) tellFromStart(slot);
    // Until all that was emitted is emitted again: see `#make`.
    const fields: FieldChanges = resumed || this.attempt === 1 ? {} : { text_discarded: 1 };
    writer.write('attempt.started', { attempt: this.attempt, resumed }, fields);
    if (resumed) attempt.text = await readText(this.#parts.journal, this.jobId);
  }

  async call(call: HostCall): Promise<StoredText> {
    this.#throwIfOver();
    if (call.visible && this.#telling !== null) throw new TaskError('Two calls that readers see run side by side.');
    const kept = this.#answers.get(call.id);
    if (kept) return this.#recall({ ...kept, value: kept.value === null ? null : String(kept.value) });
    if (call.visible) this.#telling = call.id;
    const making = this.#make(call);
    this.#running.add(making);
    try {
      return await making;
    } finally {
      this.#running.delete(making);
      if (call.visible) this.#telling = null;
    }
  }

  recallStep(path: string): Stored | null {
    this.#throwIfOver();
    const kept = this.#attempt.claim.calls.steps.get(path);
    return kept ? this.#recall(kept) : null;
  }

  async completeStep(path: string, result: Stored): Promise<void> {
    this.#throwIfOver();
    const { writer } = this.#attempt;
    const inside = [...this.#answers.keys()].filter((id) => id.startsWith(`${path}/`));
    for (const id of inside) this.#answers.delete(id);
    const dropped = inside.map((id) => answerField(id, null));
    writer.write('step.completed', { step: path }, Object.assign({}, ...dropped, stepField(path, result)));
    await writer.flushed();
  }

  /** Ends the calls under way. */
  breakOff(): void {
    this.#broken.abort(TASK_FAILED);
  }

  /** Resolves when no call is under way. @throws what has spoilt the text, if anything has */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
    if (this.#end !== null) throw this.#end;
  }

  /** From here on the task can ask for nothing more. */
  close(): void {
    this.#isClosed = true;
    this.#end ??= ATTEMPT_OVER;
    this.breakOff();
  }

  #throwIfOver(): void {
    if (this.#end !== null) throw this.#end;
    this.signal.throwIfAborted();
  }

  #recall<Given extends Stored>(kept: Given): Given {
    if (kept.text !== '' && this.#tellsAgain) {
      if (this.#telling !== null) throw new TaskError('A text that readers see is told beside another.');
      this.#tell(kept.text);
    }
    return kept;
  }

  #tell(text: string): void {
    this.#attempt.text += text;
    this.#attempt.writer.write('text.delta', { text });
  }

  async #make(call: HostCall): Promise<StoredText> {
    const { id, visible } = call;
    const { writer, calls } = this.#attempt;
    const wasEmitted = (calls.get(id)?.emitted ?? 0) > 0;
    const lengthBefore = this.#attempt.text.length;
    try {
      const { output, usage, emitted, provider } = await this.#callProvider(call);
      const value = textOf(output, provider);
      // Of an answer that came in one piece, or whose stream could not be taken up, readers have nothing or the beginning.
      if (visible && value !== null && value.length > emitted) this.#tell(value.slice(emitted));
      const kept = { value, text: visible ? (value ?? '') : '' };
      this.#answers.set(id, kept);
      writer.write('call.completed', { call: id, usage }, answerField(id, kept));
      await writer.flushed();
      return kept;
    } catch (error) {
      if (!(error instanceof AttemptError) || this.#isClosed) throw error;
      writer.write('call.failed', { call: id, error: error.toJobError() });
      // Readers have the beginning of a text that won't go on in this attempt, whatever the task makes of it.
      if (visible && (wasEmitted || this.#attempt.text.length > lengthBefore)) this.#end ??= error;
      throw error;
    }
  }

  /** The answer of a call that is over, which the record says with the next event. `emitted`: so much of it readers have. */
  async #callProvider({ id, model, body, visible }: HostCall): Promise<Answer & { emitted: number }> {
    const attempt = this.#attempt;
    const { writer } = attempt;
    // What comes before it has been emitted by now.
    const again: FieldChanges = visible && this.#tellsAgain && this.attempt > 1 ? { text_discarded: '' } : {};
    const answer = await callProvider(this.#parts, attempt, {
      ...{ id, lane: this.#lane, endpoint: this.endpoint, body, signal: this.signal },
      tells: visible ? 'text' : 'nothing',
      announce: (resumed, fields) =>
        writer.write('call.started', { call: id, model, resumed }, { ...fields, ...again }),
    });
    // The attempt's last event may have been written by now.
    if (this.#isClosed) throw ATTEMPT_OVER;
    const emitted = attempt.calls.get(id)?.emitted ?? 0;
    writer.change(completeCall(attempt, id));
    return { ...answer, emitted };
  }
}

/** Readers have dropped what it had emitted. */
function tellFromStart(slot: CallSlot): void {
  slot.emitted = 0;
  if (slot.visible && slot.response) slot.response.cursor = -1;
}

/**
 * null: the model was done without a text, as one that only thought.
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
