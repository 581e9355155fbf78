/** `POST /v1/embeddings`: vectors of length 1, which only depend on the text and the seed in the instructions. */

import { badRequest } from '../http/api-error.ts';
import { countField } from '../http/check-fields.ts';
import type { JsonObject } from '../http/json.ts';
import type { Faults } from '../instructions/faults.ts';
import { boundFaults, planRun } from '../run/plan-run.ts';
import { inputTokensOf } from '../text/answer.ts';
import { randomFrom } from '../text/random.ts';
import type { World } from '../world.ts';
import { type Call, modelOf, type Prepared } from './serve-call.ts';

const DEFAULT_DIMENSIONS = 1536;
const MAX_DIMENSIONS = 4096;
const MAX_INPUTS = 2048;

/** @throws ApiError 400, 404 */
export function prepareEmbeddings(world: World, call: Call, requested: Faults): Prepared {
  const { body, instructions } = call;
  const model = modelOf(body);
  const inputs = inputsOf(body);
  const dimensions = countField(body, 'dimensions', MAX_DIMENSIONS) ?? DEFAULT_DIMENSIONS;
  const format = body.encoding_format ?? 'float';
  if (format !== 'float' && format !== 'base64') {
    throw badRequest("Invalid 'encoding_format': expected 'float' or 'base64'.", 'encoding_format');
  }
  const tokens = inputs.reduce((sum: number, input) => sum + inputTokensOf(input), 0);
  const toBody = (): JsonObject => ({
    object: 'list',
    data: inputs.map((input, index) => {
      const vector = vectorFor(`${instructions.seed ?? ''}/${JSON.stringify(input)}`, dimensions);
      return { object: 'embedding', index, embedding: format === 'base64' ? toBase64(vector) : Array.from(vector) };
    }),
    model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  });
  const faults = boundFaults(requested, 0);
  const run = planRun(world, call, { faults, detached: call.idempotencyKey !== null, tokens: 0, toBody });
  const drive = async () => {
    for await (const _ of run.paceTokens(0, { ttftMs: instructions.ttft_ms, itlMs: 0 }));
    return 'completed' as const;
  };
  return { run, drive, deliverAs: 'body', faults, cost: tokens };
}

/** A text or tokens, or an array of either. */
function inputsOf(body: JsonObject): unknown[] {
  const { input } = body;
  const inputs = Array.isArray(input) && typeof input[0] !== 'number' ? input : [input];
  const isValid = inputs.length > 0 && inputs.length <= MAX_INPUTS && inputs.every(isText);
  if (isValid) return inputs;
  throw badRequest(`Invalid 'input': expected a text that isn't empty, or an array of up to ${MAX_INPUTS}.`, 'input');
}

function isText(input: unknown): boolean {
  if (typeof input === 'string') return input !== '';
  return Array.isArray(input) && input.length > 0 && input.every((token) => Number.isInteger(token));
}

function vectorFor(seed: string, dimensions: number): Float32Array {
  const random = randomFrom(seed);
  const vector = Float32Array.from({ length: dimensions }, () => random() * 2 - 1);
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

function toBase64(vector: Float32Array): string {
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('base64');
}
