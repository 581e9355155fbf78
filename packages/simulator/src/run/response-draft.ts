/** A Response while it is generated: all of it so far, as a retrieve returns it. */
import { randomBytes } from 'node:crypto';
import type { JsonObject } from '../http/json.ts';
import type { Instructions } from '../instructions/instructions.ts';
import type { PlannedAnswer } from '../text/answer.ts';
import { clockToken } from '../text/clock-token.ts';
import type { StoredRun } from './run-store.ts';

export type ResponseStatus = 'queued' | 'in_progress' | 'completed' | 'incomplete' | 'failed' | 'cancelled';
export type ItemStatus = 'in_progress' | 'completed' | 'incomplete';

export interface StoredResponse extends StoredRun {
  draft: ResponseDraft;
  /** The instructions of the request that created it. */
  instructions: Instructions;
  /** How often it was retrieved. */
  retrieves: number;
}

interface ResponsePlan {
  request: JsonObject;
  model: string;
  background: boolean;
  store: boolean;
  answer: PlannedAnswer;
  inputTokens: number;
}

const newId = (prefix: string) => `${prefix}_${randomBytes(24).toString('hex')}`;

export class ResponseDraft {
  readonly id = newId('resp');
  readonly itemId: string;
  readonly answer: PlannedAnswer;
  readonly background: boolean;
  status: ResponseStatus;
  /** null: the item has not begun. */
  itemStatus: ItemStatus | null = null;
  error: { code: string; message: string } | null = null;
  readonly #plan: ResponsePlan;
  readonly #createdAt = nowS();
  /** The sent and the planned pieces. */
  readonly #pieces: string[];
  #completedAt: number | null = null;
  #sent = 0;

  constructor(plan: ResponsePlan) {
    this.#plan = plan;
    this.answer = plan.answer;
    this.#pieces = [...plan.answer.pieces];
    this.background = plan.background;
    this.itemId = newId(plan.answer.kind === 'tool' ? 'fc' : 'msg');
    this.status = plan.background ? 'queued' : 'in_progress';
  }

  get inputTokens(): number {
    return this.#plan.inputTokens;
  }

  /** The text, the refusal or the arguments so far. */
  get text(): string {
    return this.#pieces.slice(0, this.#sent).join('');
  }

  takeToken(at: number): string {
    const planned = this.#pieces[at];
    if (planned === undefined) throw new RangeError(`No token ${at}.`);
    const piece = this.answer.clock ? clockToken() : planned;
    this.#pieces[at] = piece;
    this.#sent = at + 1;
    return piece;
  }

  end(status: ResponseStatus): void {
    this.status = status;
    if (status === 'completed') this.#completedAt = nowS();
  }

  /** The content part, with this text. */
  part(text: string): JsonObject {
    if (this.answer.kind === 'refusal') return { type: 'refusal', refusal: text };
    return { type: 'output_text', text, annotations: [], logprobs: [] };
  }

  /** The output item, with or without its content. */
  item(withContent: boolean): JsonObject {
    const { tool } = this.answer;
    const status = this.itemStatus;
    const text = withContent ? this.text : '';
    if (tool) {
      return { id: this.itemId, type: 'function_call', status, arguments: text, call_id: tool.callId, name: tool.name };
    }
    const content = withContent ? [this.part(text)] : [];
    return { id: this.itemId, type: 'message', status, role: 'assistant', content };
  }

  toBody(): JsonObject {
    const { request, model, background, store } = this.#plan;
    return {
      id: this.id,
      object: 'response',
      created_at: this.#createdAt,
      completed_at: this.#completedAt,
      status: this.status,
      background,
      error: this.error,
      incomplete_details: this.#incompleteDetails(),
      instructions: request.instructions ?? null,
      max_output_tokens: request.max_output_tokens ?? null,
      model,
      output: this.itemStatus === null ? [] : [this.item(true)],
      parallel_tool_calls: request.parallel_tool_calls ?? true,
      previous_response_id: request.previous_response_id ?? null,
      reasoning: { effort: null, summary: null },
      store,
      temperature: request.temperature ?? 1,
      text: request.text ?? { format: { type: 'text' } },
      tool_choice: request.tool_choice ?? 'auto',
      tools: request.tools ?? [],
      top_p: request.top_p ?? 1,
      truncation: request.truncation ?? 'disabled',
      usage: this.#usage(),
      metadata: request.metadata ?? {},
    };
  }

  #incompleteDetails(): JsonObject | null {
    if (this.status !== 'incomplete') return null;
    return { reason: this.answer.finish === 'content_filter' ? 'content_filter' : 'max_output_tokens' };
  }

  #usage(): JsonObject | null {
    if (this.status === 'queued' || this.status === 'in_progress') return null;
    return {
      input_tokens: this.inputTokens,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: this.#sent,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: this.inputTokens + this.#sent,
    };
  }
}

function nowS(): number {
  return Math.floor(Date.now() / 1000);
}
