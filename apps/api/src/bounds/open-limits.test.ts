import { randomBytes } from 'node:crypto';
import type { Plans } from '@holdfast/core';
import { createTenants } from '@holdfast/gate';
import { createLogger } from '@holdfast/service';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApi, type TestApi } from '../../testing/api.ts';
import { openLimits } from './open-limits.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.end());

describe('a plan that was removed from the config file', () => {
  it('has its last known limits after a restart, and the log says once who is on it', async () => {
    const { redis } = api.deps;
    const prefix = `t${randomBytes(6).toString('hex')}`;
    const lines: string[] = [];
    const logger = createLogger('api', 'error', { destination: { write: (line) => void lines.push(line) } });
    const start = (plans: Plans) => openLimits({ redis, prefix, plans, logger });
    await start({ gold: { max_queued: 9 }, free: { max_queued: 1 } });
    const tenants = createTenants({ redis, prefix });
    for (const id of ['a', 'b']) await tenants.put(id, { plan: 'gold' });
    await tenants.put('c', { plan: 'free' });
    await tenants.put('d', {});

    const limits = await start({ free: { max_queued: 1 } });
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ level: 'error', plan: 'gold', status: 'missing', count: 2, tenants: ['a', 'b'] }),
    ]);
    expect(await limits.of('a')).toEqual({ max_queued: 9 });
  });

  it('and was never known refuses submits by name: 503', async () => {
    await createTenants(api.deps).put('acme', { plan: 'lost' });
    const input = { model: 'sim', messages: [{ role: 'user', content: '?' }] };
    const refused = await api.fetch('/v1/jobs', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ task: 'chat.completions', input }),
    });
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('60');
    expect(await refused.json()).toMatchObject({ code: 'plan_unknown', detail: expect.stringContaining('"lost"') });
  });
});
