/** Plans the answer to a request: its text, its pieces, and why it ends. For chat and responses. */
import { randomBytes } from 'node:crypto';
import { badRequest } from '../http/api-error.ts';
import { isJsonObject, type JsonObject } from '../http/json.ts';
import type { Faults } from '../instructions/faults.ts';
import type { Instructions } from '../instructions/instructions.ts';
import { valueFor } from './json-from-schema.ts';
import { writeProse, writeUnicode } from './prose.ts';
import { type Random, randomFrom } from './random.ts';

export interface AnswerRequest {
  /** Everything that the answer depends on. */
  prompt: unknown;
  maxTokens: number | null;
  tools: unknown;
  /** The requested format `json_schema` or `json_object`; null: none. */
  format: JsonObject | null;
  /** The conversation ends with a tool's result: the answer is text, or calls would never end. */
  afterTool: boolean;
}

export interface PlannedAnswer {
  kind: 'text' | 'refusal' | 'tool';
  /** One token each. */
  pieces: readonly string[];
  finish: 'stop' | 'length' | 'content_filter' | 'tool_calls';
  /** Only for `kind: 'tool'`: then the pieces are its arguments. */
  tool: { name: string; callId: string } | null;
  /** Each piece is replaced by the time at which it is sent. */
  clock: boolean;
}

const REFUSAL = "I'm sorry, but I can't help with that request.";
const DEFAULT_TOKENS = 52;
const DEFAULT_SPREAD = 17;

/** @param choice index of the answer among the requested choices */
export function planAnswer(
  instructions: Instructions,
  faults: Faults,
  request: AnswerRequest,
  choice = 0,
): PlannedAnswer {
  const random = randomFrom(`${instructions.seed ?? JSON.stringify(request.prompt)}/${choice}`);
  const whole = wholeAnswer(instructions, faults, request, random);
  const pieces = withBigLine(whole.pieces, faults.bigLine);
  if (faults.filter)
    return { ...whole, pieces: pieces.slice(0, Math.ceil(pieces.length / 2)), finish: 'content_filter' };
  if (request.maxTokens === null || pieces.length <= request.maxTokens) return { ...whole, pieces };
  return { ...whole, pieces: pieces.slice(0, request.maxTokens), finish: 'length' };
}

function wholeAnswer(
  instructions: Instructions,
  faults: Faults,
  request: AnswerRequest,
  random: Random,
): PlannedAnswer {
  if (faults.refuse) return { kind: 'refusal', pieces: split(REFUSAL), finish: 'stop', tool: null, clock: false };
  const tool = instructions.tool === null || request.afterTool ? null : findTool(request.tools, instructions.tool);
  if (tool !== null) {
    const pieces = split(JSON.stringify(valueFor(tool.parameters, random) ?? {}));
    const call = { name: tool.name, callId: `call_${randomBytes(12).toString('hex')}` };
    return { kind: 'tool', pieces, finish: 'tool_calls', tool: call, clock: false };
  }
  const clock = instructions.clock && request.format === null;
  return { kind: 'text', pieces: textPieces(instructions, faults, request, random), finish: 'stop', tool: null, clock };
}

function textPieces(instructions: Instructions, faults: Faults, { format }: AnswerRequest, random: Random): string[] {
  if (format !== null && faults.offSchema) return split(JSON.stringify({ off_schema: true }));
  if (format !== null) {
    const nested = isJsonObject(format.json_schema) ? format.json_schema.schema : format.schema;
    return split(JSON.stringify(valueFor(nested ?? { properties: { answer: {} } }, random)));
  }
  const count = instructions.tokens ?? DEFAULT_TOKENS + Math.floor(random() * DEFAULT_SPREAD);
  return instructions.unicode || faults.splitUtf8 ? writeUnicode(random, count) : writeProse(random, count);
}

/** The tool in the instructions; null: the request has no tools. @throws ApiError 400 */
function findTool(tools: unknown, name: string): { name: string; parameters: unknown } | null {
  if (!Array.isArray(tools) || tools.length === 0) return null;
  // Chat nests a function's description, Responses doesn't.
  const functions = tools.map((tool) => (isJsonObject(tool) && isJsonObject(tool.function) ? tool.function : tool));
  const found: unknown = functions.find((tool) => isJsonObject(tool) && tool.name === name);
  if (isJsonObject(found)) return { name, parameters: found.parameters };
  throw badRequest(`Instruction 'tool' names '${name}', which is not among the request's tools.`, 'metadata.sim');
}

function split(text: string): string[] {
  return text.match(/.{1,5}/gsu) ?? [];
}

function withBigLine(pieces: readonly string[], bytes: number | null): readonly string[] {
  if (bytes === null) return pieces;
  const middle = Math.floor(pieces.length / 2);
  return pieces.with(middle, `${pieces[middle]} ${'long '.repeat(Math.ceil(bytes / 5))}`);
}

/** The format, if it asks for JSON; else null. */
export function jsonFormatOf(format: unknown): JsonObject | null {
  const asksForJson = isJsonObject(format) && (format.type === 'json_schema' || format.type === 'json_object');
  return asksForJson ? format : null;
}

/** Approximately the number of a tokenizer. */
export function inputTokensOf(prompt: unknown): number {
  return Math.max(1, Math.ceil((typeof prompt === 'string' ? prompt : JSON.stringify(prompt)).length / 4));
}
