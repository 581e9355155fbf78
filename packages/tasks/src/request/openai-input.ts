/**
 * Inputs of the built-in tasks: OpenAI request bodies. Checked is what would surely fail or surprise; everything that
 * isn't named here is passed on untouched, so that a provider's new or own parameters work without a release of ours.
 * Bounds are OpenAI's (API reference, October 2026).
 */
import { type JsonValue, MAX_CHOICES, MAX_OUTPUT_TOKENS } from '@holdfast/core';
import { z } from 'zod';

/** What JSON.parse gave is JSON: `z.json()` would walk all of it again, 0.2 s for a hostile megabyte. */
const anything = z.unknown() as unknown as z.ZodType<JsonValue>;
/** Budgets and tokens a minute are counted with this number before the call: one without a bound would switch them off. */
const tokenLimitText = `expected a whole number of tokens, 1 to ${MAX_OUTPUT_TOKENS}`;
const tokenLimit = z.int(tokenLimitText).min(1, tokenLimitText).max(MAX_OUTPUT_TOKENS, tokenLimitText).nullish();

const shared = {
  model: z
    .string()
    .min(1)
    .max(256)
    .meta({ examples: ['sim'] }),
  stream: z.boolean().nullish().meta({ description: 'Accepted and not needed: every job can be streamed.' }),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  metadata: z.record(z.string().min(1).max(64), z.string().max(512)).nullish(),
};

const chatRoles = ['developer', 'system', 'user', 'assistant', 'tool', 'function'] as const;

const chatMessage = z
  .looseObject({
    role: z.enum(chatRoles, `one of ${chatRoles.join(', ')}`),
    content: z.union([z.string(), z.array(z.record(z.string(), anything))]).nullish(),
  })
  .catchall(anything);

export const chatInput = z
  .looseObject({
    ...shared,
    messages: z.array(chatMessage).min(1).max(10_000),
    max_tokens: tokenLimit,
    max_completion_tokens: tokenLimit,
    n: z.int().min(1).max(MAX_CHOICES).nullish(),
    frequency_penalty: z.number().min(-2).max(2).nullish(),
    presence_penalty: z.number().min(-2).max(2).nullish(),
  })
  .catchall(anything)
  .meta({ id: 'ChatCompletionsInput', description: 'A body of POST /v1/chat/completions.' });

export const responsesInput = z
  .looseObject({
    ...shared,
    input: z.union([z.string(), z.array(z.record(z.string(), anything)).min(1).max(10_000)]).optional(),
    instructions: z.string().nullish(),
    max_output_tokens: tokenLimit,
    background: z.boolean().nullish(),
    store: z.boolean().nullish(),
  })
  .catchall(anything)
  .meta({ id: 'ResponsesInput', description: 'A body of POST /v1/responses.' });

const tokens = z.array(z.int().min(0)).min(1).max(2_048);

export const embeddingsInput = z
  .looseObject({
    ...shared,
    input: z.union(
      [z.string().min(1), z.array(z.string().min(1)).min(1).max(2_048), tokens, z.array(tokens).min(1).max(2_048)],
      'text, or up to 2048 texts (or arrays of token numbers), none of them empty',
    ),
    dimensions: z.int().min(1).nullish(),
    encoding_format: z.enum(['float', 'base64']).nullish(),
  })
  .catchall(anything)
  .meta({ id: 'EmbeddingsInput', description: 'A body of POST /v1/embeddings.' });
