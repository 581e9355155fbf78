/** The figures of docs/operate/sizing.md are those that were measured last, within a third: rules of thumb, but true ones. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { readReference, rowsUnder } from './tables.ts';

const root = resolve(import.meta.dirname, '../..');
const page = readReference('docs/operate/sizing.md');

type Repetition = Record<string, Record<string, number>>;
interface Row {
  repetitions: Repetition[];
  figures: { title: string; spread: { median: number } }[];
}

const results = JSON.parse(readFileSync(join(root, 'bench/results/performance.json'), 'utf8')) as Record<string, Row>;

/** The median over the repetitions of a row, of a subject's figure. */
function measured(row: string, subject: string, figure: string): number {
  const values = (results[row]?.repetitions ?? []).map((one) => one[subject]?.[figure] ?? Number.NaN);
  return values.sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function figure(row: string, title: RegExp): number {
  return results[row]?.figures.find((one) => title.test(one.title))?.spread.median ?? Number.NaN;
}

/** The first number in a cell. */
const numberIn = (cell = '') => Number(/\d+(?:\.\d+)?/.exec(cell)?.[0]);

/** Heading, beginning of a row, column (from 1), and what was measured. */
const claims: [heading: string, row: string, column: number, value: number][] = [
  ['CPU', 'a submit of 1 KB', 1, measured('submit', 'holdfast', 'nodeUs') / 1_000],
  ['CPU', 'a submit of 1 KB', 2, measured('submit', 'holdfast', 'redisUs') / 1_000],
  ['CPU', 'a poll', 1, measured('poll', 'holdfast', 'nodeUs') / 1_000],
  ['CPU', 'a poll', 2, measured('poll', 'holdfast', 'redisUs') / 1_000],
  ['CPU', 'a short job, all but', 1, measured('jobs', 'holdfast', 'workerUs') / 1_000],
  ['CPU', 'a short job, all but', 2, measured('jobs', 'holdfast', 'redisUs') / 1_000],
  ['CPU', 'a short job with its call', 1, measured('worker-sdk', 'holdfast', 'workerUs') / 1_000],
  ['CPU', 'a short job with its call', 2, measured('worker-sdk', 'holdfast', 'redisUs') / 1_000],
  ['CPU', 'a job of 200 tokens', 2, measured('redis-per-job', 'holdfast', 'redisMs')],
  ['CPU', 'a token that one reader', 1, measured('tokens', 'holdfast 1', 'workerUs') / 1_000],
  ['CPU', 'a token that one reader', 2, measured('tokens', 'holdfast 1', 'redisUs') / 1_000],
  ['CPU', 'a token that nobody', 1, measured('tokens', 'holdfast 0', 'workerUs') / 1_000],
  ['CPU', 'a token that nobody', 2, measured('tokens', 'holdfast 0', 'redisUs') / 1_000],
  ['Memory of Redis', 'a waiting job', 1, figure('memory', /^waiting job/)],
  ['Memory of Redis', 'an ended job', 1, figure('memory', /^ended job.* in one piece$/)],
  ['Memory of processes', 'an attached reader', 1, measured('idle-readers', 'holdfast', 'kb2000')],
  ['Time', 'a submit, alone', 1, measured('submit-one', 'holdfast', 'p50')],
  ['Time', 'submit to first token', 1, figure('first-token', /^p50 added/)],
  ['Time', 'a token from provider', 1, measured('token-latency', 'holdfast', 'p50')],
];

describe('docs/operate/sizing.md', () => {
  it.each(claims)('has under %s, of %s, in column %i what was measured: %f', (heading, row, column, value) => {
    const cells = rowsUnder(page, heading).find(([first = '']) => first.startsWith(row)) ?? [];
    expect(value).toBeGreaterThan(0);
    expect(numberIn(cells[column]) / value).toBeGreaterThan(0.67);
    expect(numberIn(cells[column]) / value).toBeLessThan(1.5);
  });
});
