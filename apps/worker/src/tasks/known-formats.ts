/**
 * Which format of structured answers each model of a lane accepts, as this process has found out. It is forgotten when the process
 * ends: then a call that is refused, and costs nothing, finds it out again.
 */
import type { AnswerFormat, AnswerFormats } from '@holdfast/tasks';

/** Tasks can name any models, so the number that is remembered is bounded. */
const MAX_REMEMBERED = 1_000;

export class KnownFormats {
  readonly #byModel = new Map<string, AnswerFormat>();

  ofLane(lane: string): AnswerFormats {
    const keyOf = (model: string) => `${lane} ${model}`;
    return {
      of: (model) => this.#byModel.get(keyOf(model)) ?? 'json_schema',
      remember: (model, format) => {
        const [oldest] = this.#byModel.keys();
        if (this.#byModel.size >= MAX_REMEMBERED && oldest !== undefined) this.#byModel.delete(oldest);
        this.#byModel.set(keyOf(model), format);
      },
    };
  }
}
