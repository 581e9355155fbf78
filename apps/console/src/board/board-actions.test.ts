/** Each action in Bull Board's list of routes does what its button says, or is refused with an error that says what to do instead. */
import { appRoutes } from '@bull-board/api/dist/routes.js';
import { jobIdFor } from '@holdfast/core';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startConsole, type TestConsole } from '../../testing/console.ts';

const jobId = jobIdFor('acme', 'shown');

let running: TestConsole;
let headers: Record<string, string>;
beforeAll(async () => {
  running = await startConsole();
  headers = { cookie: (await running.logIn()).cookie, origin: running.url, 'content-type': 'application/json' };
});
afterAll(() => running.cleanUp());

interface Refused {
  code: string;
  detail: string;
  /** The text that the page shows: see `tests/browser/bull-board.long.test.ts`. */
  message: string;
  error: { key: string };
}

const actions = appRoutes.api
  .filter(({ method }) => method !== 'get')
  .map(({ method, route }): [string, string] => [String(method).toUpperCase(), String(route)]);
const allowed = ['/pause', '/resume'].flatMap((end) => [`/api/queues${end}`, `/api/queues/:queueName${end}`]);

const pathOf = (route: string) =>
  route
    .replace(':queueName', 'fast')
    .replace(':jobId', `${jobId}.3`)
    .replace(':queueStatus', 'failed')
    .replace(':schedulerId', 'daily');

const act = (method: string, path: string, body = '{}') => running.request(`/queues${path}`, { method, headers, body });

/** Everything that Redis has of these lanes. */
async function state(): Promise<string> {
  const names = (await running.redis.keys(`{${running.prefix}:*`)).sort();
  const dumps = await Promise.all(names.map((name) => running.redis.dumpBuffer(name)));
  return names.map((name, at) => `${name} ${dumps[at]?.toString('base64')}`).join('\n');
}

/** An entry in each state that Bull Board has actions for. */
async function fillQueue(): Promise<void> {
  const queue = running.bull.queue('fast');
  const data = { jobId, release: 3 };
  await queue.add('job', data, { jobId: `${jobId}.3` });
  await queue.add('job', data, { jobId: `${jobId}.4`, delay: 600_000 });
}

describe('an action of Bull Board', () => {
  it('is in the list of routes', () => {
    expect(actions.length).toBeGreaterThan(20);
    expect(allowed.filter((route) => !actions.some(([, known]) => known === route))).toEqual([]);
  });

  it.each(actions.filter(([, route]) => !allowed.includes(route)))(
    'is refused, changes nothing, and the error says what to do instead: %s %s',
    async (method, route) => {
      await fillQueue();
      const before = await state();
      const answers = await Promise.all(
        [pathOf(route), `${pathOf(route).replace('/api', '/API')}/`].map((path) => act(method, path)),
      );
      for (const answer of answers) {
        const { code, detail, message, error } = (await answer.json()) as Refused;
        expect([answer.status, code, message, error.key]).toEqual([403, 'forbidden', detail, 'Forbidden']);
        expect(message).toMatch(/^Nothing was [a-z]+: /);
        expect(message).not.toContain('only pause and resume work here');
        expect(message.length).toBeLessThan(250);
      }
      expect(await state()).toBe(before);
    },
  );

  it.each([
    ['PUT', `/api/queues/fast/${jobId}.3/retry`, `\`holdfast retry ${jobId}\`, or POST /v1/jobs/${jobId}/retry`],
    ['PUT', '/api/queues/fast/retry/failed', '`holdfast retry JOB`'],
    ['PUT', '/api/queues/fast/retry/completed', 'a completed job does not run again'],
    ['PUT', '/api/queues/fast/concurrency', '`holdfast lanes limit fast --max-running N`'],
    ['PUT', '/api/queues/fast/concurrency', 'PATCH /admin/v1/lanes/fast {"limits": {"max_running": N}}'],
    ['PUT', '/api/queues/fast/rate-limit', '`holdfast lanes limit fast --requests-per-minute N`'],
    ['PUT', '/api/queues/fast/rate-limit/release', '`holdfast lanes limit fast --reset`'],
    ['PUT', '/api/queues/fast/promote', 'submit it without `delay_ms`'],
    ['PUT', `/api/queues/fast/${jobId}.3/clean`, `\`holdfast delete ${jobId}\``],
    ['PUT', '/api/queues/fast/obliterate', '`holdfast lanes pause fast`'],
    ['PATCH', `/api/queues/fast/${jobId}.3/delay`, `\`holdfast cancel ${jobId}\``],
    ['POST', '/api/queues/fast/add', '`holdfast submit`, or POST /v1/jobs'],
    // Actions that a later version may add.
    ['DELETE', '/api/queues/fast', 'only pause and resume work here'],
    ['PUT', '/api/queues/%E0%A4%A/<b>/retry', '`holdfast retry JOB`'],
  ])('is refused with a text for this action: %s %s', async (method, path, words) => {
    const answer = await act(method, path);
    expect(answer.status).toBe(403);
    expect(((await answer.json()) as Refused).message).toContain(words);
  });

  it.each(allowed.map((route) => [pathOf(route)]))('does what it says: PUT %s', async (path) => {
    const paused = path.endsWith('pause');
    await (paused ? running.bull.queue('fast').resume() : running.bull.queue('fast').pause());
    expect((await act('PUT', path)).status).toBe(200);
    const lanes = await running.request('/admin/v1/lanes', {
      headers: { authorization: `Bearer ${running.adminKey}` },
    });
    const { data } = (await lanes.json()) as { data: { name: string; paused: boolean }[] };
    expect(data.find(({ name }) => name === 'fast')).toMatchObject({ paused });
    // A dispatch reads the scheduler's state.
    expect(await running.redis.hget(running.cell.keys.sched('lane', 'fast'), 'paused')).toBe(paused ? '1' : null);
  });
});

describe('an error on a page of Bull Board', () => {
  it('has its text in the member that the page shows', async () => {
    const answer = await running.request('/queues/api/queues', {});
    expect([answer.status, await answer.json()]).toEqual([
      401,
      expect.objectContaining({ message: 'Log in first.', error: expect.objectContaining({ key: 'Unauthenticated' }) }),
    ]);
    const foreign = await running.request('/queues/api/queues/fast/pause', {
      method: 'PUT',
      headers: { ...headers, origin: 'http://evil.example' },
    });
    expect([foreign.status, await foreign.json()]).toEqual([
      403,
      expect.objectContaining({ message: 'This request does not come from a page of the console.' }),
    ]);
  });
});
