/** Numbers that the pages name are those of the code, and of what was measured last. */
import { join } from 'node:path';
import { DEFAULT_MAX_CALLS, defaultRetryPolicy } from '@holdfast/core';
import { describe, expect, it } from '@jest/globals';
import { readConfig as readApiConfig } from '../../apps/api/src/config.ts';
import { readConfig as readWorkerConfig } from '../../apps/worker/src/config.ts';
import { readResults } from '../../bench/performance/results.ts';
import { readText, root } from './pages.ts';

const env = { REDIS_URL: 'redis://127.0.0.1' };
const [api, worker] = [readApiConfig(env), readWorkerConfig(env)];
const inWords: Record<number, string> = { 3: 'three', 5: 'five', 6: 'six', 10: 'ten', 24: '24' };

/** A constant as its file has it. */
function constantIn(path: string, name: string): number {
  const value = new RegExp(`^const ${name} = ([\\d_]+)(?: \\* ([\\d_]+))?;`, 'm').exec(readText(path));
  const [, first = 'NaN', second = '1'] = value ?? [];
  return Number(first.replaceAll('_', '')) * Number(second.replaceAll('_', ''));
}

const secondsOfApi = (name: string) => constantIn('apps/api/src/main.ts', name) / 1_000;
const life = 'docs/concepts/life-of-a-job.md';
const durability = 'docs/concepts/durability.md';
const outage = inWords[constantIn('apps/worker/src/main.ts', 'MAX_WAIT_MS') / 60_000];
const { maxFailures, baseDelayMs, maxDelayMs, maxRetryAfterMs } = defaultRetryPolicy;

const claims: [page: string, claim: string][] = [
  ['README.md', `No answer costs more than ${inWords[DEFAULT_MAX_CALLS]} calls`],
  ['README.md', `up to ${outage} minutes costs no job`],
  [durability, `No answer costs more than ${inWords[DEFAULT_MAX_CALLS]} calls`],
  [durability, `up to ${outage} minutes costs no job`],
  [durability, `${inWords[worker.crashLimit]} crashes fail a job`],
  [life, `after ${inWords[maxFailures]} failures`],
  [life, `after ${inWords[worker.crashLimit]} crashes`],
  [life, baseDelayMs === 500 ? 'up to half a second after the first failure' : `${baseDelayMs} ms`],
  [life, maxDelayMs === 60_000 ? 'a minute at most' : `${maxDelayMs} ms`],
  [life, `One of more than ${inWords[maxRetryAfterMs / 60_000]} minutes fails the job`],
  [life, `\`RETENTION_HOURS\` after its end, ${api.retentionMs / 3_600_000} by default`],
  [
    'docs/concepts/costs-and-budgets.md',
    `\`max_calls\` calls that may have been paid, ${DEFAULT_MAX_CALLS} by default`,
  ],
  ['docs/concepts/attaching.md', `every ${secondsOfApi('HEARTBEAT_MS')} seconds`],
  ['docs/concepts/attaching.md', `takes nothing for ${secondsOfApi('READER_STALL_MS')} seconds`],
  ['docs/start/from-bullmq.md', `\`CRASH_LIMIT\`, ${worker.crashLimit}`],
  ['docs/start/from-bullmq.md', `built in: ${inWords[maxFailures]} failures`],
  ['docs/start/from-bullmq.md', `\`RETENTION_HOURS\`, ${api.retentionMs / 3_600_000}`],
];

describe('a number in a page', () => {
  it.each(claims)('%s: %s', (page, claim) => {
    expect(readText(page).replace(/\s+/g, ' ')).toContain(claim);
  });
});

describe('what was measured', () => {
  const median = (row: string, title: string) =>
    readResults(join(root, 'bench/results/performance.json'))[row]?.figures.find((figure) => figure.title === title)
      ?.spread.median;

  it('is what the page on BullMQ says', () => {
    const page = readText('docs/start/from-bullmq.md').replace(/\s+/g, ' ');
    expect(page).toContain('about a quarter of the no-op jobs a second');
    expect(Math.abs((median('jobs', 'jobs/s') ?? 0) - 0.25)).toBeLessThan(0.06);
    expect(page).toContain('somewhat slower than Express with BullMQ');
    expect(Math.abs((median('submit', 'requests/s') ?? 0) - 0.85)).toBeLessThan(0.14);
  });

  it('of a killed worker is what the page on durability says', () => {
    const [, p50, max, hit] =
      /SIGKILL of a random worker[^\n]*\| ([\d.]+) \/ [\d.]+ \/ ([\d.]+) s \((\d+) hit\)/.exec(
        readText('docs/chaos-report.md'),
      ) ?? [];
    const said = `took ${p50} seconds in the median, and ${max} seconds at most, over ${hit} jobs`;
    expect(readText(durability).replace(/\s+/g, ' ')).toContain(said);
  });

  it('of a job behind a backlog is what the page on fairness says', () => {
    const [, alone, behind] = /\| p50 +\| (\d+) [^|]*\| (\d+) /.exec(readText('docs/bench/fair-order.md')) ?? [];
    const said = `began after ${behind} ms, and after ${alone} ms alone`;
    expect(readText('docs/concepts/fairness-and-limits.md').replace(/\s+/g, ' ')).toContain(said);
  });
});
