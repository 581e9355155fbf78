/**
 * An answer that fits a schema:
 *
 *   ask ──fits──▶ done: `read-json-answer.ts`
 *    ▲ ├─issue──▶ the model gets its answer back with what is wrong, MAX_REPAIRS times; then `output_invalid`
 *    │ ├─empty──▶ the same request again, once: there is nothing to repair
 *    │ └─the provider refuses the format──▶ the next format: `answer-format.ts`
 *    └────────────┘
 */
import { AttemptError, type JsonObject } from '@holdfast/core';
import { z } from 'zod';
import type { GenerateOptions, Message } from '../context/task-context.ts';
import { type AnswerFormat, type AnswerFormats, formatAfter } from './answer-format.ts';
import { emptyAnswer } from './empty-answer.ts';
import { readJsonAnswer } from './read-json-answer.ts';

const MAX_REPAIRS = 2;

interface Asking {
  model: string;
  formats: AnswerFormats;
  /** Prepares a request, which can then be sent in several formats. Resolves with the text; null: the answer had none. */
  pose(options: GenerateOptions, schema: JsonObject): (format: AnswerFormat) => Promise<string | null>;
}

/** @throws AttemptError */
export async function generateObject<Schema extends z.ZodType>(
  schema: Schema,
  options: GenerateOptions,
  asking: Asking,
): Promise<z.output<Schema>> {
  const { $schema: _, ...answerSchema } = z.toJSONSchema(schema) as JsonObject;
  const { prompt, messages, ...rest } = options;
  let conversation: readonly Message[] = messages ?? [{ role: 'user', content: prompt ?? '' }];
  let wasEmpty = false;
  for (let repairs = 0; ; ) {
    const text = await askInFormat(asking, asking.pose({ ...rest, messages: conversation }, answerSchema));
    if (text === null || text.trim() === '') {
      if (wasEmpty) throw emptyAnswer();
      wasEmpty = true;
      continue;
    }
    const answer = readJsonAnswer(schema, text);
    if ('value' in answer) return answer.value;
    if (repairs === MAX_REPAIRS) {
      const tries = `${repairs + 1} tries`;
      throw new AttemptError('output_invalid', `The model's answer did not fit in ${tries}: ${answer.issue}.`);
    }
    repairs += 1;
    const correction = `That does not fit the JSON schema: ${answer.issue}. Answer again, with nothing but JSON that fits.`;
    conversation = [...conversation, { role: 'assistant', content: text }, { role: 'user', content: correction }];
  }
}

/** Only a format that was answered is remembered: a refusal may have had another reason. */
async function askInFormat({ model, formats }: Asking, ask: ReturnType<Asking['pose']>): Promise<string | null> {
  const known = formats.of(model);
  for (let format = known; ; ) {
    try {
      const text = await ask(format);
      if (format !== known) formats.remember(model, format);
      return text;
    } catch (error) {
      const other = formatAfter(format, error);
      if (other === null) throw error;
      format = other;
    }
  }
}
