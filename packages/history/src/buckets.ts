/**
 * What a bucket holds, and how long each kind is kept. A bucket is a hash. A field is a group and names; its value is a list of
 * `index:number`, of which zeros are left out:
 *
 *   submits                          submitted, replayed, refused
 *   refused <code>                   how often
 *   lane <lane>                      completed, failed, cancelled; attempts that were repeated
 *   failed <lane> <code> <provider>  how many jobs; without a provider: `-`
 *   saved                            answers copied from equal jobs, billionths of a dollar they would have cost, resumed calls
 *   model <model>                    calls, input tokens, output tokens, billionths of a dollar
 *   wait, first, total <lane>        a histogram: bucket → how many jobs (`histogram.ts`)
 *   tenant <tenant>                  in the buckets by tenant: `tenantCounts`
 *
 * Groups whose names come from outside are capped (`caps`): further names are added up under `~other`. Names have no spaces.
 */
export type BucketKind = 'minute' | 'quarter' | 'hour' | 'day' | 'tenants-hour' | 'tenants-day';

interface BucketShape {
  /** Its length in seconds. */
  seconds: number;
  /** How long it is kept, in seconds. */
  keptS: number;
}

const HOUR = 3_600;
const DAY = 86_400;

export const bucketShapes: Readonly<Record<BucketKind, BucketShape>> = {
  minute: { seconds: 60, keptS: 2 * DAY },
  quarter: { seconds: 900, keptS: 2 * DAY },
  hour: { seconds: HOUR, keptS: 35 * DAY },
  day: { seconds: DAY, keptS: 400 * DAY },
  'tenants-hour': { seconds: HOUR, keptS: 35 * DAY },
  'tenants-day': { seconds: DAY, keptS: 400 * DAY },
};

/** How many names of a group a bucket has at most. */
export const caps: Readonly<Record<string, number>> = {
  refused: 20,
  lane: 50,
  failed: 60,
  model: 50,
  tenant: 1_000,
};

/** The name under which all further names are added up. */
export const OTHER = '~other';

/** The order of the numbers in the fields that have several. */
export const submitCounts = ['submitted', 'replayed', 'refused'] as const;
export const laneCounts = ['completed', 'failed', 'cancelled', 'retried'] as const;
export const savedCounts = ['copied', 'avoided', 'resumed'] as const;
export const modelCounts = ['calls', 'inputTokens', 'outputTokens', 'cost'] as const;
export const tenantCounts = [...submitCounts, 'completed', 'failed', 'cancelled', ...modelCounts, 'avoided'] as const;

/** Numbers by their index; where there is none, it is 0. */
export type Counts = number[];

export function addCount(counts: Counts, index: number, by: number): void {
  counts[index] = (counts[index] ?? 0) + by;
}

/** A field's value in Redis. */
export function formatCounts(counts: Counts): string {
  return Object.entries(counts)
    .map(([index, count]) => `${index}:${count}`)
    .join(' ');
}

/** Adds a field's value. A week has some hundred thousand numbers: no strings are made on the way. */
export function addCounts(text: string, into: Counts): void {
  let index = 0;
  let number = 0;
  for (let at = 0; at <= text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code >= ZERO && code <= NINE) number = number * 10 + code - ZERO;
    else {
      if (code === COLON) index = number;
      else if (number > 0) addCount(into, index, number);
      number = 0;
    }
  }
}

const [ZERO, NINE, COLON] = [48, 57, 58] as const;

/** @param names any text, as of a model */
export function fieldOf(group: string, ...names: readonly string[]): string {
  const safe = names.map((name) => name.slice(0, 128).replace(/[\s%]/g, encodeURIComponent) || '-');
  return [group, ...safe].join(' ');
}

export function namesOf(field: string): string[] {
  const names = field.split(' ');
  return field.includes('%') ? names.map((name) => name.replace(/(?:%[0-9A-F]{2})+/g, decodeURIComponent)) : names;
}
