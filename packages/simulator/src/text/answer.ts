/** Plans the answer to a request: what it says, in which pieces, and why it ends. The same for chat and responses. */
import { randomBytes } from 'node:crypto';
import { badRequest } from '../http/api-error.ts';
import { isJsonObject, type JsonObject } from '../http/json.ts';
import type { Faults } from '../orders/faults.ts';
import type { Orders } from '../orders/orders.ts';
import { valueFor } from './json-from-schema.ts';
import { writeProse, writeUnicode } from './prose.ts';
import { type Random, randomFrom } from './random.ts';

export interface AnswerRequest {
  /** All that the answer shall depend on. */
  prompt: unknown;
  maxTokens: number | null;
  tools: unknown;
  /** The `json_schema` or `json_object` format that is asked for, as Responses and chat both nest it; or null. */
  format: JsonObject | null;
  /** The last thing in the conversation is what a tool gave back: it is answered in text, or calls would never end. */
  afterTool: boolean;
}

export interface Answer {
  kind: 'text' | 'refusal' | 'tool';
  /** One token each. */
  pieces: readonly string[];
  finish: 'stop' | 'length' | 'content_filter' | 'tool_calls';
  /** Of `kind: 'tool'` only; the pieces are its arguments then. */
  tool: { name: string; callId: string } | null;
  /** Each piece gives way to the time at which it is sent. */
  clock: boolean;
}

const REFUSAL = "I'm sorry, but I can't help with that request.";
const USUAL_TOKENS = 52;
const USUAL_SPREAD = 17;

/** @param choice index of the answer among those that were asked for */
export function planAnswer(orders: Orders, faults: Faults, request: AnswerRequest, choice = 0): Answer {
  const random = randomFrom(`${orders.seed ?? JSON.stringify(request.prompt)}/${choice}`);
  const whole = wholeAnswer(orders, faults, request, random);
  const pieces = withBigLine(whole.pieces, faults.bigLine);
  if (faults.filter)
    return { ...whole, pieces: pieces.slice(0, Math.ceil(pieces.length / 2)), finish: 'content_filter' };
  if (request.maxTokens === null || pieces.length <= request.maxTokens) return { ...whole, pieces };
  return { ...whole, pieces: pieces.slice(0, request.maxTokens), finish: 'length' };
}

function wholeAnswer(orders: Orders, faults: Faults, request: AnswerRequest, random: Random): Answer {
  if (faults.refuse) return { kind: 'refusal', pieces: split(REFUSAL), finish: 'stop', tool: null, clock: false };
  const tool = orders.tool === null || request.afterTool ? null : findTool(request.tools, orders.tool);
  if (tool !== null) {
    const pieces = split(JSON.stringify(valueFor(tool.parameters, random) ?? {}));
    const call = { name: tool.name, callId: `call_${randomBytes(12).toString('hex')}` };
    return { kind: 'tool', pieces, finish: 'tool_calls', tool: call, clock: false };
  }
  const clock = orders.clock && request.format === null;
  return { kind: 'text', pieces: textPieces(orders, faults, request, random), finish: 'stop', tool: null, clock };
}

function textPieces(orders: Orders, faults: Faults, { format }: AnswerRequest, random: Random): string[] {
  if (format !== null && faults.misfit) return split(JSON.stringify({ misfit: true }));
  if (format !== null) {
    const nested = isJsonObject(format.json_schema) ? format.json_schema.schema : format.schema;
    return split(JSON.stringify(valueFor(nested ?? { properties: { answer: {} } }, random)));
  }
  const count = orders.tokens ?? USUAL_TOKENS + Math.floor(random() * USUAL_SPREAD);
  return orders.unicode || faults.splitUtf8 ? writeUnicode(random, count) : writeProse(random, count);
}

/** The tool that the orders name; null when the request offers no tools at all. @throws ApiError 400 */
function findTool(tools: unknown, name: string): { name: string; parameters: unknown } | null {
  if (!Array.isArray(tools) || tools.length === 0) return null;
  // Chat nests a function's description, Responses doesn't.
  const functions = tools.map((tool) => (isJsonObject(tool) && isJsonObject(tool.function) ? tool.function : tool));
  const found: unknown = functions.find((tool) => isJsonObject(tool) && tool.name === name);
  if (isJsonObject(found)) return { name, parameters: found.parameters };
  throw badRequest(`Order 'tool' names '${name}', which is not among the request's tools.`, 'metadata.sim');
}

function split(text: string): string[] {
  return text.match(/.{1,5}/gsu) ?? [];
}

function withBigLine(pieces: readonly string[], bytes: number | null): readonly string[] {
  if (bytes === null) return pieces;
  const middle = Math.floor(pieces.length / 2);
  return pieces.with(middle, `${pieces[middle]} ${'long '.repeat(Math.ceil(bytes / 5))}`);
}

/** The format that asks for JSON, or null. */
export function jsonFormatOf(format: unknown): JsonObject | null {
  const asksForJson = isJsonObject(format) && (format.type === 'json_schema' || format.type === 'json_object');
  return asksForJson ? format : null;
}

/** About what a tokenizer would count. */
export function inputTokensOf(prompt: unknown): number {
  return Math.max(1, Math.ceil((typeof prompt === 'string' ? prompt : JSON.stringify(prompt)).length / 4));
}
