/**
 * An answer that fits a schema:
 *
 *   ask ──fits──▶ done
 *    ▲ └─misfit─▶ the model gets its answer back with what is wrong, MOST_REPAIRS times; then `output_invalid`
 *    └────────────┘
 */
import { AttemptError, type JsonObject } from '@holdfast/core';
import { z } from 'zod';
import { describeIssues } from './describe-issues.ts';
import type { GenerateOptions, Message } from './task-context.ts';

const MOST_REPAIRS = 2;

export async function generateObject<Schema extends z.ZodType>(
  schema: Schema,
  options: GenerateOptions,
  ask: (options: GenerateOptions, answerSchema: JsonObject) => Promise<string>,
): Promise<z.output<Schema>> {
  const { $schema: _, ...answerSchema } = z.toJSONSchema(schema) as JsonObject;
  const { prompt, messages, ...rest } = options;
  let conversation: readonly Message[] = messages ?? [{ role: 'user', content: prompt ?? '' }];
  for (let repairs = 0; ; repairs += 1) {
    const text = await ask({ ...rest, messages: conversation }, answerSchema);
    const answer = readAnswer(schema, text);
    if ('fits' in answer) return answer.fits;
    if (repairs === MOST_REPAIRS) {
      const tries = `${repairs + 1} tries`;
      throw new AttemptError('output_invalid', `The model's answer did not fit in ${tries}: ${answer.misfit}.`);
    }
    const correction = `That does not fit the JSON schema: ${answer.misfit}. Answer again, with nothing but JSON that fits.`;
    conversation = [...conversation, { role: 'assistant', content: text }, { role: 'user', content: correction }];
  }
}

function readAnswer<Schema extends z.ZodType>(schema: Schema, text: string) {
  let said: unknown;
  try {
    said = JSON.parse(text);
  } catch {
    return { misfit: '(the whole): no JSON' };
  }
  const checked = schema.safeParse(said);
  return checked.success ? { fits: checked.data } : { misfit: describeIssues(checked.error) };
}
