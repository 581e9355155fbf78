/** A chat completion while it is generated: its chunks, and all of it so far. */

import type { JsonObject } from '../http/json.ts';
import type { PlannedAnswer } from '../text/answer.ts';
import { clockToken } from '../text/clock-token.ts';

interface ChatPlan {
  id: string;
  /** Seconds since 1970. */
  created: number;
  model: string;
  choices: readonly PlannedAnswer[];
  inputTokens: number;
}

interface Piece {
  choice: number;
  text: string;
}

export class ChatDraft {
  readonly choices: readonly PlannedAnswer[];
  readonly inputTokens: number;
  readonly #plan: ChatPlan;
  /** Tokens of all choices, in the order in which they are sent. */
  readonly #pieces: readonly Piece[];
  #sent = 0;
  #error: JsonObject | null = null;

  constructor(plan: ChatPlan) {
    this.#plan = plan;
    this.choices = plan.choices;
    this.inputTokens = plan.inputTokens;
    const length = Math.max(...plan.choices.map(({ pieces }) => pieces.length));
    this.#pieces = Array.from({ length }, (_, at) => at).flatMap((at) =>
      plan.choices.flatMap(({ pieces }, choice) => {
        const text = pieces[at];
        return text === undefined ? [] : [{ choice, text }];
      }),
    );
  }

  /** The number of tokens that it will have. */
  get length(): number {
    return this.#pieces.length;
  }

  chunkHead(): JsonObject {
    const { id, created, model } = this.#plan;
    const object = 'chat.completion.chunk';
    return { id, object, created, model, service_tier: 'default', system_fingerprint: 'fp_simulator' };
  }

  roleDelta(index: number): JsonObject {
    const { kind, tool } = this.#choice(index);
    const call = tool && { index: 0, id: tool.callId, type: 'function', function: { name: tool.name, arguments: '' } };
    const rest = call ? { content: null, tool_calls: [call] } : { content: kind === 'text' ? '' : null };
    return delta(index, { role: 'assistant', ...rest, refusal: null });
  }

  takeToken(at: number): JsonObject {
    const piece = this.#pieces[at];
    if (piece === undefined) throw new RangeError(`No token ${at}.`);
    this.#sent = at + 1;
    const { kind, clock } = this.#choice(piece.choice);
    if (clock) piece.text = clockToken();
    if (kind === 'text') return delta(piece.choice, { content: piece.text });
    if (kind === 'refusal') return delta(piece.choice, { refusal: piece.text });
    return delta(piece.choice, { tool_calls: [{ index: 0, function: { arguments: piece.text } }] });
  }

  finishDelta(index: number): JsonObject {
    return delta(index, {}, this.#choice(index).finish);
  }

  /** From now on its body is the error. */
  fail(code: string): JsonObject {
    const message = 'The server had an error while processing your request.';
    this.#error = { error: { message, type: 'server_error', param: null, code } };
    return this.#error;
  }

  usage(): JsonObject {
    return {
      prompt_tokens: this.inputTokens,
      completion_tokens: this.#sent,
      total_tokens: this.inputTokens + this.#sent,
      prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
    };
  }

  toBody(): JsonObject {
    if (this.#error !== null) return this.#error;
    const choices = this.choices.map((answer, index) => ({
      index,
      message: this.#message(answer, index),
      logprobs: null,
      finish_reason: answer.finish,
    }));
    return { ...this.chunkHead(), object: 'chat.completion', choices, usage: this.usage() };
  }

  #message({ kind, tool }: PlannedAnswer, index: number): JsonObject {
    const sent = this.#pieces.slice(0, this.#sent).filter(({ choice }) => choice === index);
    const text = sent.map((piece) => piece.text).join('');
    const call = tool && { id: tool.callId, type: 'function', function: { name: tool.name, arguments: text } };
    return {
      role: 'assistant',
      content: kind === 'text' ? text : null,
      refusal: kind === 'refusal' ? text : null,
      annotations: [],
      ...(call && { tool_calls: [call] }),
    };
  }

  #choice(index: number): PlannedAnswer {
    const answer = this.choices[index];
    if (answer === undefined) throw new RangeError(`No choice ${index}.`);
    return answer;
  }
}

function delta(index: number, fields: JsonObject, finish: string | null = null): JsonObject {
  return { index, delta: fields, logprobs: null, finish_reason: finish };
}
