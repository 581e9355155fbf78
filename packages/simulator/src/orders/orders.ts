/**
 * Orders: how a request says that its answer shall misbehave. A query string in `metadata.sim` or in the header `x-sim`
 * (which wins); `metadata.case` or `x-sim-case` names the case that calls are counted under.
 *
 * An order that isn't known, comes twice or has a value out of range is refused with 400, so that a test with a
 * misspelled order can't pass by accident. So is one for the calls of a case where none is named: it would hit whoever came first.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { badRequest } from '../http/api-error.ts';
import { isJsonObject, type JsonObject } from '../http/json.ts';

interface Order<Value, Fallback> {
  read(text: string): Value | undefined;
  expects: string;
  fallback: Fallback;
}

function number<Fallback>(min: number, max: number, fallback: Fallback, whole = true): Order<number, Fallback> {
  const read = (text: string) => {
    const value = Number(text);
    const fits = /^\d+(\.\d+)?$/.test(text) && value >= min && value <= max && (!whole || Number.isInteger(value));
    return fits ? value : undefined;
  };
  return { read, expects: `a ${whole ? 'whole ' : ''}number from ${min} to ${max}`, fallback };
}

const flag: Order<boolean, false> = {
  read: (text) => ({ '1': true, true: true, '0': false, false: false })[text],
  expects: '1 or 0',
  fallback: false,
};

const word: Order<string, null> = {
  read: (text) => (/^[\w.:-]{1,64}$/.test(text) ? text : undefined),
  expects: '1 to 64 letters, digits or _ . : -',
  fallback: null,
};

/** Faults that `fail=` can name beside status numbers. */
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

const failList: Order<readonly string[], readonly string[]> = {
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
  /** Length and pace of the answer. Without `tokens` it has about 60; without `seed` the prompt is the seed. */
  tokens: number(0, 200_000, null),
  ttft_ms: number(0, HOUR_MS, 30, false),
  itl_ms: number(0, HOUR_MS, 15, false),
  /** Nothing is heard of the answer for so long, not even a status or its id; it is under way meanwhile. */
  head_ms: number(0, HOUR_MS, 0, false),
  seed: word,
  unicode: flag,
  /** Each token of a text is the time at which it is written: see `clock-token.ts`. */
  clock: flag,
  tool: word,
  /** Structured answers of the first so many calls of the case don't fit their schema. */
  misfit: number(0, 1_000, 0),
  /** What the first calls of the case answer, one by one; and the first retrieves of one response. */
  fail: failList,
  resume_fail: failList,
  /** Instead of an answer. */
  status: number(400, 599, null),
  code: word,
  retry_after: number(0, 86_400, null, false),
  hang: flag,
  /** In the middle of an answer. `stall_ms`: the silence ends after that long. */
  cut_after: number(0, 200_000, null),
  stall_after: number(0, 200_000, null),
  stall_ms: number(0, HOUR_MS, null),
  /** Silence, until `DELETE /sim/pauses` names the case: for all its calls, those to come included. */
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

/** The orders of one request, by their names on the wire; what wasn't ordered has its default. */
export type Orders = {
  readonly [Name in keyof Table]: NonNullable<ReturnType<Table[Name]['read']>> | Table[Name]['fallback'];
};

const defaults = Object.fromEntries(Object.entries(table).map(([name, order]) => [name, order.fallback])) as Orders;

/** Orders that mean the calls of a case. */
const ofCase = ['fail', 'misfit', 'pause_after'] as const satisfies (keyof Table)[];

const MAX_SHOWN = 80;

/** @throws ApiError 400 that names the order at fault, and lists those that are known */
export function parseOrders(text: string, param = 'metadata.sim'): Orders {
  const refuse = (what: string) => badRequest(`${what} Known orders: ${Object.keys(table).join(', ')}.`, param);
  const given = new Map<string, unknown>();
  for (const [name, value] of new URLSearchParams(text)) {
    const shown = name.slice(0, MAX_SHOWN);
    if (!Object.hasOwn(table, name)) throw refuse(`Unknown order '${shown}' in ${param}.`);
    if (given.has(name)) throw refuse(`Order '${shown}' comes twice in ${param}.`);
    const order = table[name as keyof Table];
    const read = order.read(value);
    if (read === undefined) {
      throw refuse(`Order '${shown}' in ${param} must be ${order.expects}, not '${value.slice(0, MAX_SHOWN)}'.`);
    }
    given.set(name, read);
  }
  return { ...defaults, ...Object.fromEntries(given) };
}

/**
 * The orders that hold for the retrieves of a response made with `orders`: of its faults only `resume_fail`, because
 * what the POST was told to suffer must not follow the one who takes the response up again.
 */
export function resumeOrders(orders: Orders): Orders {
  if (orders.resume_fail.length === 0) return defaults;
  const { resume_fail: fail, code, retry_after, cut_after, stall_after, stall_ms } = orders;
  return { ...defaults, fail, code, retry_after, cut_after, stall_after, stall_ms };
}

function textOf(value: unknown, param: string): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'string' || value.length > 4096) throw badRequest(`${param} must be a short text.`, param);
  return value;
}

/** @param over orders that win over those in `text` */
function withOrders(text: string, over: string): string {
  if (over === '') return text;
  const all = new URLSearchParams(text);
  for (const [name, value] of new URLSearchParams(over)) all.set(name, value);
  return all.toString();
}

/**
 * Orders and case of a request.
 * @param over orders that win over its own; those of them that are for the calls of a case take all calls without one for a case
 * @throws ApiError 400
 */
export function ordersOf(
  headers: IncomingHttpHeaders,
  body: JsonObject,
  over: string,
): { orders: Orders; caseName: string } {
  const metadata = metadataOf(body);
  const header = textOf(headers['x-sim'], 'x-sim');
  const param = header === null ? 'metadata.sim' : 'x-sim';
  const text = header ?? textOf(metadata.sim, 'metadata.sim') ?? '';
  const caseName = textOf(headers['x-sim-case'], 'x-sim-case') ?? textOf(metadata.case, 'metadata.case') ?? '';
  if (caseName === '') refuseOfCase(parseOrders(text, param), param);
  return { orders: parseOrders(withOrders(text, over), param), caseName };
}

/** @throws ApiError 400: as text, or in a list, orders would go unseen */
function metadataOf({ metadata = null }: JsonObject): JsonObject {
  if (metadata === null) return {};
  if (isJsonObject(metadata)) return metadata;
  throw badRequest("Invalid 'metadata': expected an object, with orders as text in 'metadata.sim'.", 'metadata');
}

function refuseOfCase(orders: Orders, param: string): void {
  const order = ofCase.find((name) => orders[name] !== defaults[name]);
  if (order === undefined) return;
  const where = param === 'x-sim' ? 'the header x-sim-case' : 'metadata.case';
  throw badRequest(`Order '${order}' in ${param} is for the calls of a case: name the case in ${where}.`, param);
}
