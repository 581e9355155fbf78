/**
 * Instructions: how a request makes its answer misbehave. They are a query string in `metadata.sim` or in the header `x-sim` (which
 * takes precedence); `metadata.case` or `x-sim-case` names the case under which calls are counted.
 *
 * An instruction that is unknown, is repeated or has an invalid value is refused with 400, so that a test with a misspelled instruction
 * can't pass by accident. Some need a case, because they apply to the calls of a case: without one they would apply to any call that
 * comes first.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { badRequest } from '../http/api-error.ts';
import { isJsonObject, type JsonObject } from '../http/json.ts';

interface Instruction<Value, Fallback> {
  read(text: string): Value | undefined;
  expects: string;
  fallback: Fallback;
}

function number<Fallback>(min: number, max: number, fallback: Fallback, whole = true): Instruction<number, Fallback> {
  const read = (text: string) => {
    const value = Number(text);
    const fits = /^\d+(\.\d+)?$/.test(text) && value >= min && value <= max && (!whole || Number.isInteger(value));
    return fits ? value : undefined;
  };
  return { read, expects: `a ${whole ? 'whole ' : ''}number from ${min} to ${max}`, fallback };
}

const flag: Instruction<boolean, false> = {
  read: (text) => ({ '1': true, true: true, '0': false, false: false })[text],
  expects: '1 or 0',
  fallback: false,
};

const word: Instruction<string, null> = {
  read: (text) => (/^[\w.:-]{1,64}$/.test(text) ? text : undefined),
  expects: '1 to 64 letters, digits or _ . : -',
  fallback: null,
};

/** Faults that `fail=` can name, besides status numbers. */
const faultNames = [
  'ok',
  'cut',
  'stall',
  'reset',
  'hang',
  'html',
  'no_done',
  'no_finish',
  'error_event',
  'split_utf8',
  'big_line',
  'refuse',
  'filter',
  'failed',
] as const;

const failList: Instruction<readonly string[], readonly string[]> = {
  read: (text) => {
    const entries = text.split(',');
    const known = entries.every(
      (entry) => /^[45]\d\d$/.test(entry) || (faultNames as readonly string[]).includes(entry),
    );
    return known && entries.length <= 1000 ? entries : undefined;
  },
  expects: `a list of statuses (400 to 599) and of ${faultNames.join(', ')}`,
  fallback: [],
};

const HOUR_MS = 3_600_000;

const table = {
  /** Length and pace of the answer. Default of `tokens`: about 60; of `seed`: the prompt. */
  tokens: number(0, 200_000, null),
  ttft_ms: number(0, HOUR_MS, 30, false),
  itl_ms: number(0, HOUR_MS, 15, false),
  /** How long nothing of the answer is sent, not even its status or id, while it is generated. */
  head_ms: number(0, HOUR_MS, 0, false),
  seed: word,
  unicode: flag,
  /** Each token of the text is the time at which it is written: see `clock-token.ts`. */
  clock: flag,
  tool: word,
  /** How many of the first calls of the case get a structured answer that doesn't match its schema. */
  off_schema: number(0, 1_000, 0),
  /** The answers of the first calls of the case, one by one; and of the first retrieves of a response. */
  fail: failList,
  resume_fail: failList,
  /** Instead of an answer. */
  status: number(400, 599, null),
  code: word,
  retry_after: number(0, 86_400, null, false),
  hang: flag,
  /** Within an answer. `stall_ms`: how long the silence lasts. */
  cut_after: number(0, 200_000, null),
  stall_after: number(0, 200_000, null),
  stall_ms: number(0, HOUR_MS, null),
  /** Silence, until `DELETE /sim/pauses` names the case. That applies to all its calls, later ones included. */
  pause_after: number(0, 200_000, null),
  error_event: flag,
  failed: word,
  big_line: number(1, 64_000_000, null),
  split_utf8: flag,
  /** At the end of an answer. */
  no_done: flag,
  no_finish: flag,
  refuse: flag,
  filter: flag,
  /** Limits of the case, per window. */
  window_ms: number(100, HOUR_MS, 60_000),
  rpm: number(1, 10_000_000, null),
  tpm: number(1, 1_000_000_000, null),
  /** An `Idempotency-Key` header is honored. */
  idempotent: flag,
};

type Table = typeof table;

/** The instructions of one request, by name; those that are missing have their defaults. */
export type Instructions = {
  readonly [Name in keyof Table]: NonNullable<ReturnType<Table[Name]['read']>> | Table[Name]['fallback'];
};

const defaults = Object.fromEntries(
  Object.entries(table).map(([name, instruction]) => [name, instruction.fallback]),
) as Instructions;

/** Instructions that apply to the calls of a case. */
const perCase = ['fail', 'off_schema', 'pause_after'] as const satisfies (keyof Table)[];

const MAX_SHOWN = 80;

/** @throws ApiError 400 with the wrong instruction, and a list of all instructions */
export function parseInstructions(text: string, param = 'metadata.sim'): Instructions {
  const refuse = (what: string) => badRequest(`${what} Expected some of ${Object.keys(table).join(', ')}.`, param);
  const given = new Map<string, unknown>();
  for (const [name, value] of new URLSearchParams(text)) {
    const shown = name.slice(0, MAX_SHOWN);
    if (!Object.hasOwn(table, name)) throw refuse(`Unknown instruction '${shown}' in ${param}.`);
    if (given.has(name)) throw refuse(`Instruction '${shown}' is repeated in ${param}.`);
    const instruction = table[name as keyof Table];
    const read = instruction.read(value);
    if (read === undefined) {
      throw refuse(
        `Instruction '${shown}' in ${param} must be ${instruction.expects}, not '${value.slice(0, MAX_SHOWN)}'.`,
      );
    }
    given.set(name, read);
  }
  return { ...defaults, ...Object.fromEntries(given) };
}

/**
 * The instructions for retrieves of a response that was made with `instructions`: of its faults only `resume_fail`, because the faults
 * of the POST must not affect a client that resumes the response.
 */
export function resumeInstructions(instructions: Instructions): Instructions {
  if (instructions.resume_fail.length === 0) return defaults;
  const { resume_fail: fail, code, retry_after, cut_after, stall_after, stall_ms } = instructions;
  return { ...defaults, fail, code, retry_after, cut_after, stall_after, stall_ms };
}

function textOf(value: unknown, param: string): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'string' || value.length > 4096) throw badRequest(`${param} must be a short text.`, param);
  return value;
}

/** @param over instructions that take precedence over those in `text` */
function withInstructions(text: string, over: string): string {
  if (over === '') return text;
  const all = new URLSearchParams(text);
  for (const [name, value] of new URLSearchParams(over)) all.set(name, value);
  return all.toString();
}

/**
 * The instructions and the case of a request.
 * @param over instructions that take precedence over its own. Those per case apply to all calls without a case together
 * @throws ApiError 400
 */
export function instructionsOf(
  headers: IncomingHttpHeaders,
  body: JsonObject,
  over: string,
): { instructions: Instructions; caseName: string } {
  const metadata = metadataOf(body);
  const header = textOf(headers['x-sim'], 'x-sim');
  const param = header === null ? 'metadata.sim' : 'x-sim';
  const text = header ?? textOf(metadata.sim, 'metadata.sim') ?? '';
  const caseName = textOf(headers['x-sim-case'], 'x-sim-case') ?? textOf(metadata.case, 'metadata.case') ?? '';
  if (caseName === '') refusePerCase(parseInstructions(text, param), param);
  return { instructions: parseInstructions(withInstructions(text, over), param), caseName };
}

/** @throws ApiError 400: in a text or a list, instructions would be ignored */
function metadataOf({ metadata = null }: JsonObject): JsonObject {
  if (metadata === null) return {};
  if (isJsonObject(metadata)) return metadata;
  throw badRequest("Invalid 'metadata': expected an object, with instructions as text in 'metadata.sim'.", 'metadata');
}

function refusePerCase(instructions: Instructions, param: string): void {
  const instruction = perCase.find((name) => instructions[name] !== defaults[name]);
  if (instruction === undefined) return;
  const where = param === 'x-sim' ? 'the header x-sim-case' : 'metadata.case';
  throw badRequest(
    `Instruction '${instruction}' in ${param} applies to the calls of a case: name the case in ${where}.`,
    param,
  );
}
