/**
 * How long a provider asks to be left alone. It says so as `retry-after-ms` (Azure, OpenAI), `Retry-After` in seconds or as an
 * HTTP date (RFC 9110, 10.2.3), in the headers of its limits, or in the body. Nothing is capped here: the retry policy decides
 * what is too long. A moment that has passed is 0.
 */

// cspell:ignore dhms

const unitMs: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };

/** A number of seconds above this is a moment: 2001 as seconds since 1970; the same number of ms above a thousand times this. */
const EPOCH_FROM_S = 1_000_000_000;
const EPOCH_FROM_MS = EPOCH_FROM_S * 1_000;

export interface Limit {
  left: number | undefined;
  /** ms until it is reset. */
  resetMs: number | undefined;
}

/** `Retry-After`; undefined where it says nothing usable. */
export function readRetryAfterMs(headers: Headers | undefined, nowMs: number): number | undefined {
  const inMs = readNumber(headers?.get('retry-after-ms'));
  if (inMs !== undefined) return Math.ceil(inMs);
  return readWaitMs(headers?.get('retry-after') ?? null, nowMs);
}

/**
 * What a refused call should wait for, where `Retry-After` says nothing: the limits that are used up, or else the first to be reset
 * of which isn't said what is left. What has room left isn't the reason.
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
 * The limits of `x-ratelimit-remaining-<name>` and `x-ratelimit-reset-<name>`, by their names; '' for that without one. Names are
 * the provider's: `requests`, `tokens`, `tokens-minute` …
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

/** As a duration ("1s", "6m0s", "120ms"), as seconds, as a moment in s or ms since 1970, or as a date. */
export function readWaitMs(said: string | null, nowMs: number): number | undefined {
  const text = said?.replace(/\s*sec(?:ond)?s?$/i, 's') ?? null;
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
