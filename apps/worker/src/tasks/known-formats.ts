/**
 * In which format a model of a lane answers what a schema asks for, as this process has found out. Forgotten when it ends: then a
 * call that is refused, and costs nothing, finds it out anew.
 */
import type { AnswerFormat, AnswerFormats } from '@holdfast/tasks';

/** Tasks may name models as they like: no more than so many are remembered. */
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
