/** What to expect of the memory of Redis. */
import type { Settings } from '@holdfast/admin';
import { formatDuration } from '../../format/index.ts';

export interface Forecast {
  tone: 'neutral' | 'warn' | 'bad';
  text: string;
}

/** From here on new jobs are refused. */
const REFUSING = 0.9;
const SOON_S = 7 * 86_400;

/** `now` in ms. */
export function forecastOf({ used_bytes, max_bytes, full_at }: Settings['redis'], now: number): Forecast {
  if (max_bytes === null)
    return {
      tone: 'warn',
      text: 'Redis has no limit (`maxmemory`). Nothing is refused when memory runs out, and the system may kill Redis.',
    };
  if (used_bytes >= REFUSING * max_bytes)
    return {
      tone: 'bad',
      text: 'More than 90 % is used: new jobs are refused with 503 `queue_full`. Raise `maxmemory`, or keep jobs for less time.',
    };
  if (full_at === null) return { tone: 'neutral', text: 'At the pace of the last day it does not fill up.' };
  const left = Math.max(0, (Date.parse(full_at) - now) / 1_000);
  const text = `At the pace of the last day it is full in ${formatDuration(left)}. New jobs are refused before, from 90 % on.`;
  return { tone: left < SOON_S ? 'warn' : 'neutral', text };
}
