/** A model that says what a test wants: in the order of the calls, or by what it is asked. */
import { AttemptError, type JobErrorCode, type JsonObject, type JsonValue } from '@holdfast/core';
import type { Message } from '../context/task-context.ts';

/** What the model is asked. */
export interface ModelRequest {
  /** The last message. */
  prompt: string;
  instructions: string | null;
  /** All of them, without the instructions. */
  messages: readonly Message[];
  /** JSON Schema that the answer is to fit; null: a text is asked for. */
  schema: JsonObject | null;
  model: string;
  /** Path of the step that asks; '' outside of steps. */
  step: string;
}

const CUT = Symbol('cut');

/** @internal */
export interface CutAnswer {
  [CUT]: string;
}

/** A text; JSON for a structured answer; null for an answer without a text; or what becomes of the call. */
export type ModelAnswer = string | null | JsonObject | JsonValue[] | CutAnswer | AttemptError;

/** Answers in the order of the calls, or a function of what is asked. A call that a crash has lost is answered the same again. */
export type ScriptedModel = readonly ModelAnswer[] | ((request: ModelRequest) => ModelAnswer | Promise<ModelAnswer>);

const retried: ReadonlySet<JobErrorCode> = new Set([
  'provider_rate_limited',
  'provider_unavailable',
  'provider_timeout',
  'provider_stalled',
]);

/**
 * The call fails. Limits, outages and time-outs are retried, as they are by a worker; other failures are not.
 * @param options `retryable`: says otherwise
 */
export function failWith(code: JobErrorCode, options: { retryable?: boolean } = {}): AttemptError {
  const { retryable = retried.has(code) } = options;
  return new AttemptError(code, `The scripted model fails with ${code}.`, { retryable });
}

/** The stream breaks after this text: readers have it, and the job is tried again. */
export function cutAfter(text: string): CutAnswer {
  return { [CUT]: text };
}

/** What a call's answer is made of. */
export interface Spoken {
  /** What is streamed, piece by piece. */
  pieces: readonly string[];
  /** null: it has no text. */
  value: string | null;
  /** Why it ends before it is whole. */
  error: AttemptError | null;
}

export function spoken(answer: ModelAnswer): Spoken {
  if (answer instanceof AttemptError) return { pieces: [], value: null, error: answer };
  if (typeof answer === 'object' && answer !== null && CUT in answer) {
    const options = { retryable: true, ambiguous: true };
    const error = new AttemptError('provider_stream_cut', 'The scripted model is cut off.', options);
    return { pieces: piecesOf((answer as CutAnswer)[CUT]), value: null, error };
  }
  const value = answer === null || typeof answer === 'string' ? answer : JSON.stringify(answer);
  return { pieces: piecesOf(value ?? ''), value, error: null };
}

/** Word by word. */
function piecesOf(text: string): string[] {
  return text.match(/\s*\S+\s*$|\s*\S+/g) ?? (text === '' ? [] : [text]);
}

/** Who is asked for the answers of one run. */
export class Script {
  readonly #model: ScriptedModel;
  #taken = 0;
  /** Of calls that are under way, by their ids: one that a crash loses is asked again. */
  readonly #underWay = new Map<string, ModelAnswer>();

  constructor(model: ScriptedModel) {
    this.#model = model;
  }

  /** @throws Error where there is no answer left: a fault of the test, not of the task */
  async answer(id: string, request: ModelRequest): Promise<ModelAnswer> {
    if (!this.#underWay.has(id)) this.#underWay.set(id, await this.#next(request));
    return this.#underWay.get(id) ?? null;
  }

  /** The call is over: asked again, it is another. */
  over(id: string): void {
    this.#underWay.delete(id);
  }

  #next(request: ModelRequest): ModelAnswer | Promise<ModelAnswer> {
    if (typeof this.#model === 'function') return this.#model(request);
    const answer = this.#model[this.#taken];
    this.#taken += 1;
    if (answer !== undefined) return answer;
    const place = request.step === '' ? '' : ` in the step "${request.step}"`;
    const asked = `It was asked${place}: ${request.prompt.slice(0, 200)}`;
    throw new Error(`\`model\` has ${this.#model.length} answers, and the task asks for one more. ${asked}`);
  }
}

/** What a request body, as tasks make them for chat completions, asks. */
export function requestOf({ model, messages, response_format: format }: JsonObject, step: string): ModelRequest {
  const all = (messages ?? []) as unknown as Message[];
  const [first, ...rest] = all;
  const hasInstructions = first?.role === 'system' && rest.length > 0;
  const structure = (format as { json_schema?: { schema?: JsonObject } } | undefined)?.json_schema?.schema;
  return {
    prompt: all.at(-1)?.content ?? '',
    instructions: hasInstructions ? first.content : null,
    messages: hasInstructions ? rest : all,
    schema: structure ?? null,
    model: String(model),
    step,
  };
}
