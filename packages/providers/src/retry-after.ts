/**
 * How long a provider asks to be left alone, in ms: `retry-after-ms` (Azure, OpenAI), else `Retry-After` as seconds or
 * as an HTTP date (RFC 9110, 10.2.3). Undefined where neither says anything usable; a moment that has passed is 0.
 * Not capped here: the retry policy decides what is too long.
 */
export function readRetryAfterMs(headers: Headers | undefined, nowMs: number): number | undefined {
  const inMs = readNumber(headers?.get('retry-after-ms'));
  if (inMs !== undefined) return Math.ceil(inMs);
  const text = headers?.get('retry-after');
  const seconds = readNumber(text);
  if (seconds !== undefined) return Math.ceil(seconds * 1000);
  // A negative number would otherwise be read as a date in the year 2001.
  const date = text && /[a-z]/i.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}

function readNumber(text: string | null | undefined): number | undefined {
  return text && /^\s*\d+(\.\d+)?\s*$/.test(text) ? Number(text) : undefined;
}
