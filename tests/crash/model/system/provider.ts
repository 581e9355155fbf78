/**
 * The provider. Every piece of an answer waits for a step of the interleaving. A piece's text is `<call>.<number> `, so a
 * journal shows which call wrote it, and whether a piece is repeated or missing. Background responses exist independently
 * of any worker. Random numbers decide how each call goes on.
 */
import { AttemptError, type Provider, type ProviderCall, type ProviderEvent } from '@holdfast/core';
import type { Dice } from '../dice.ts';
import { MAX_TOKENS } from '../jobs.ts';
import type { Wire } from './wire.ts';

const MAX_PIECES = 4;
/** Some calls cost little, and some nearly as much as is reserved for them. */
const TOKENS_A_PIECE = MAX_TOKENS / MAX_PIECES;

interface Response {
  tag: string;
  pieces: number;
}

const outputOf = ({ tag, pieces }: Response) => Array.from({ length: pieces }, (_, n) => `${tag}.${n} `).join('');

/** Empty for a pass-through job, which has no prompt here. */
function promptOf({ body }: ProviderCall): string {
  const [message] = (body.messages ?? body.input ?? []) as { content: string }[];
  return message?.content ?? '';
}

/** The provider's state, shared by all workers of an interleaving. */
export class Upstream {
  readonly #dice: Dice;
  readonly #responses = new Map<string, Response>();
  /** True until the faults stop: calls may fail and break off. */
  faulty = true;
  /** Calls that were begun, not resumed: the prompt, and the output if the call completes. */
  readonly begun: { prompt: string; output: string }[] = [];
  resumed = 0;

  constructor(dice: Dice) {
    this.#dice = dice;
  }

  /** The provider as one worker reaches it. */
  over(wire: Wire): Provider {
    return { name: 'model', call: (call) => this.#answer(wire, call), cancelResponse: async () => undefined };
  }

  async *#answer(wire: Wire, call: ProviderCall): AsyncGenerator<ProviderEvent> {
    const { response, first, isNew } = this.#begin(call);
    const { tag, pieces } = response;
    if (isNew && call.background) yield { kind: 'response', id: tag };
    for (let piece = first; piece < pieces; piece += 1) {
      await this.#point(wire, call, `piece ${tag}.${piece}`);
      this.#mayBreak(call);
      yield { kind: 'text', text: `${tag}.${piece} `, ...(this.#responses.has(tag) ? { cursor: piece } : {}) };
    }
    await this.#point(wire, call, `end ${tag}`);
    if (this.faulty && this.#dice.chance(0.1)) return;
    this.#mayBreak(call);
    yield {
      kind: 'result',
      output: outputOf(response),
      usage: { input_tokens: 10, output_tokens: pieces * TOKENS_A_PIECE },
    };
  }

  #begin(call: ProviderCall): { response: Response; first: number; isNew: boolean } {
    if (call.resume) {
      const response = this.#responses.get(call.resume.responseId);
      if (!response) throw new AttemptError('provider_response_gone', 'Gone.', { retryable: true, ambiguous: true });
      this.resumed += 1;
      return { response, first: call.resume.after + 1, isNew: false };
    }
    const tag = `c${this.begun.length}`;
    const response = { tag, pieces: this.#dice.below(MAX_PIECES) + (call.background ? 1 : 0) };
    if (call.background) this.#responses.set(tag, response);
    this.begun.push({ prompt: promptOf(call), output: outputOf(response) });
    return { response, first: 0, isNew: true };
  }

  async #point(wire: Wire, { signal }: ProviderCall, label: string): Promise<void> {
    const reply = wire.send(label, () => undefined);
    const aborted = new Promise<never>((_, reject) => {
      if (signal.aborted) reject(signal.reason);
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    await Promise.race([reply, aborted]);
    signal.throwIfAborted();
  }

  #mayBreak(call: ProviderCall): void {
    if (!this.faulty || this.#dice.chance(0.85)) return;
    const runsOn = call.background === true || call.resume !== undefined;
    throw this.#dice.pick([
      () => new AttemptError('provider_stream_cut', 'Cut.', { retryable: true, ambiguous: !runsOn }),
      () => new AttemptError('provider_rate_limited', 'Later.', { retryable: true, ambiguous: runsOn }),
      () => new AttemptError('provider_bad_request', 'No.', { ambiguous: runsOn }),
      () => new TypeError('terminated'),
    ])();
  }
}
