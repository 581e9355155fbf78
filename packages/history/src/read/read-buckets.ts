/**
 * Reads buckets of a range, each thing that was counted exactly once: those of the wanted kind, and the finer ones that have not been
 * rolled up yet. A roll-up in between would show some counts twice or not at all: `rolled` is read before and after, and where it has
 * changed, everything is read again.
 */
import type { Redis } from '@holdfast/redis';
import { addCount, addCounts, type BucketKind, bucketShapes, type Counts } from '../buckets.ts';
import { historyKeys } from '../keys.ts';
import { steps } from '../roll-up.ts';

/** What a history covers: so many points of so many seconds each; the last one is not over. */
export interface Span {
  kind: BucketKind;
  stepS: number;
  points: number;
}

/** What was counted in a point: field → counts. */
export type Fields = Map<string, Counts>;

export interface ReadSpan {
  /** When the first point begins, in s. */
  fromS: number;
  /** Oldest first. */
  points: Fields[];
}

interface Place {
  kind: BucketKind;
  number: number;
}

const MAX_TRIES = 5;

/** @param field only this one; default: all */
export async function readSpan(redis: Redis, prefix: string, span: Span, field?: string): Promise<ReadSpan> {
  const keys = historyKeys(prefix);
  for (let tries = 1; ; tries += 1) {
    const [time, before] = await Promise.all([redis.time(), redis.hgetall(keys.rolled)]);
    const nowS = Number(time[0]);
    const fromS = (Math.floor(nowS / span.stepS) - span.points + 1) * span.stepS;
    const places = placesOf(span.kind, fromS, nowS, before);
    // One write of the connection, so the last reply is newer than all before it.
    const [buckets, after] = await Promise.all([
      Promise.all(places.map(({ kind, number }) => readBucket(redis, keys.bucket(kind, number), field))),
      redis.hgetall(keys.rolled),
    ]);
    if (tries < MAX_TRIES && !isSame(before, after)) continue;
    const points = Array.from({ length: span.points }, (): Fields => new Map());
    buckets.forEach((bucket, at) => {
      const { kind, number } = places[at] as Place;
      const point = points[Math.floor((number * bucketShapes[kind].seconds - fromS) / span.stepS)];
      if (point) for (const [name, text] of bucket) addField(point, name, text);
    });
    return { fromS, points };
  }
}

async function readBucket(redis: Redis, key: string, field?: string): Promise<[string, string][]> {
  if (field === undefined) return Object.entries(await redis.hgetall(key));
  const text = await redis.hget(key, field);
  return text === null ? [] : [[field, text]];
}

/** The kind itself, and what is not yet part of it. */
function placesOf(kind: BucketKind, fromS: number, nowS: number, rolled: Record<string, string>): Place[] {
  const { seconds, keptS } = bucketShapes[kind];
  const own = range(kind, Math.floor(fromS / seconds), Math.floor(nowS / seconds));
  return [...own, ...finerThan(kind).flatMap((finer) => unrolled(finer))];

  function unrolled(finer: BucketKind): Place[] {
    // Nothing was ever flushed.
    if (rolled[finer] === undefined) return [];
    const length = bucketShapes[finer].seconds;
    const last = Math.floor(nowS / length);
    const first = Math.max(
      Number(rolled[finer]),
      last - Math.floor(Math.min(keptS, bucketShapes[finer].keptS) / length),
    );
    return range(finer, Math.max(first, Math.floor(fromS / length)), last);
  }
}

function finerThan(kind: BucketKind): BucketKind[] {
  const finer = steps.find(({ coarser }) => coarser === kind)?.kind;
  return finer === undefined ? [] : [finer, ...finerThan(finer)];
}

function range(kind: BucketKind, first: number, last: number): Place[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => ({ kind, number: first + at }));
}

function isSame(one: Record<string, string>, other: Record<string, string>): boolean {
  return JSON.stringify(Object.entries(one).sort()) === JSON.stringify(Object.entries(other).sort());
}

function addField(point: Fields, name: string, text: string): void {
  // How many names a group has.
  if (name.startsWith('~')) return;
  let counts = point.get(name);
  if (counts === undefined) {
    counts = [];
    point.set(name, counts);
  }
  addCounts(text, counts);
}

export function addAll(sum: Counts, counts: Counts): void {
  for (let index = 0; index < counts.length; index += 1) {
    const count = counts[index];
    if (count !== undefined) addCount(sum, index, count);
  }
}

/** All points together. */
export function sumOf(points: readonly Fields[]): Fields {
  const sum: Fields = new Map();
  for (const point of points) {
    for (const [name, counts] of point) {
      const total = sum.get(name) ?? [];
      addAll(total, counts);
      sum.set(name, total);
    }
  }
  return sum;
}
