/**
 * How long a provider asks to wait: as `retry-after-ms` (Azure, OpenAI), as `Retry-After` in seconds or as an HTTP date (RFC 9110,
 * 10.2.3), in the headers of its limits, or in the body. There is no maximum here: the retry policy decides what is too long. A time
 * in the past is 0.
 */

// cspell:ignore dhms

const unitMs: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };

/** A larger number is a time, not a duration: seconds since 1970 (in 2001), or ms since 1970 above a thousand times this. */
const EPOCH_FROM_S = 1_000_000_000;
const EPOCH_FROM_MS = EPOCH_FROM_S * 1_000;

export interface Limit {
  left: number | undefined;
  /** Time until it is reset, in ms. */
  resetMs: number | undefined;
}

/** Reads `Retry-After`; undefined: missing or unusable. */
export function readRetryAfterMs(headers: Headers | undefined, nowMs: number): number | undefined {
  const inMs = readNumber(headers?.get('retry-after-ms'));
  if (inMs !== undefined) return Math.ceil(inMs);
  return readWaitMs(headers?.get('retry-after') ?? null, nowMs);
}

/**
 * How long a refused call should wait without a `Retry-After`: until the limits that are used up are reset; or else the first one whose
 * remaining amount is unknown. Limits with a remaining amount aren't the reason.
 */
export function readResetMs(headers: Headers | undefined, nowMs: number): number | undefined {
  const limits = headers ? [...limitsIn(headers, nowMs).values()] : [];
  const waits = (some: readonly Limit[]) => some.flatMap(({ resetMs }) => resetMs ?? []);
  const usedUp = waits(limits.filter(({ left }) => left === 0));
  if (usedUp.length > 0) return Math.max(...usedUp);
  const unknown = waits(limits.filter(({ left }) => left === undefined));
  return unknown.length > 0 ? Math.min(...unknown) : undefined;
}

/**
 * The limits of `x-ratelimit-remaining-<name>` and `x-ratelimit-reset-<name>`, by name; '' without a name. The names are the
 * provider's: `requests`, `tokens`, `tokens-minute` …
 */
export function limitsIn(headers: Headers, nowMs: number): Map<string, Limit> {
  const limits = new Map<string, Limit>();
  for (const [header, value] of headers) {
    const [, part, name = ''] = /^(?:x-)?ratelimit-(remaining|reset)(?:-(.+))?$/.exec(header) ?? [];
    if (part === undefined) continue;
    const limit = limits.get(name) ?? { left: undefined, resetMs: undefined };
    limits.set(name, limit);
    if (part === 'remaining') limit.left = readCount(value);
    else limit.resetMs = readWaitMs(value, nowMs);
  }
  return limits;
}

/** Reads a duration ("1s", "6m0s", "120ms"), seconds, a time in s or ms since 1970, or a date. */
export function readWaitMs(value: string | null, nowMs: number): number | undefined {
  const text = value?.replace(/\s*sec(?:ond)?s?$/i, 's') ?? null;
  const number = readNumber(text);
  if (number !== undefined) return fromNumber(number, nowMs);
  if (text === null || !/^(\d+(\.\d+)?(ms|[dhms]))+$/.test(text)) return readDateMs(text, nowMs);
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|[dhms])/g)];
  return Math.ceil(parts.reduce((sum, [, count, unit]) => sum + Number(count) * (unitMs[unit ?? ''] ?? 0), 0));
}

function fromNumber(number: number, nowMs: number): number {
  if (number < EPOCH_FROM_S) return Math.ceil(number * 1_000);
  return Math.max(0, Math.ceil(number < EPOCH_FROM_MS ? number * 1_000 - nowMs : number - nowMs));
}

function readDateMs(text: string | null | undefined, nowMs: number): number | undefined {
  // A negative number would otherwise be read as a date in the year 2001.
  const date = text && /[a-z]/i.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}

function readNumber(text: string | null | undefined): number | undefined {
  return text && /^\s*\d+(\.\d+)?\s*$/.test(text) ? Number(text) : undefined;
}

function readCount(text: string | null): number | undefined {
  return text !== null && /^\d+$/.test(text) ? Number(text) : undefined;
}
