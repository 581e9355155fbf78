/** History and failures through the admin API, of jobs that a real stack has run. */
import { AdminClient } from '@holdfast/admin';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '../../../../packages/core/testing/until.ts';
import { adminKey, chat, freePort, Stack } from '../../../../tests/stack/stack.ts';
import { sendAs } from '../../testing/console.ts';

let stack: Stack;
let admin: AdminClient;
beforeAll(async () => {
  const prices = { sim: { input_usd_per_million: 1_000, output_usd_per_million: 1_000 } };
  stack = await Stack.start({
    config: (main) => ({
      lanes: { default: { models: ['*'], providers: [{ name: 'main', base_url: main }] } },
      prices,
    }),
  });
  const port = await freePort();
  await stack.start('console', { CONSOLE_PORT: String(port) });
  admin = new AdminClient((request) => sendAs(`http://127.0.0.1:${port}`, { key: adminKey }, request));
});
afterAll(() => stack?.close());

describe('the history', () => {
  it('has what was submitted, ended, spent, and how long it took; failures by code and provider, with the newest', async () => {
    const submit = (sim: string, at: number) => stack.client.submit(chat(`h${at}`, sim), { idempotencyKey: `h${at}` });
    const made = await Promise.all(['tokens=5', 'tokens=5', 'status=400'].map(submit));
    for (const { job } of made) await stack.client.wait(job.id);
    await submit('tokens=5', 0);
    const { totals, points, models, tenants, lanes } = await until('it is flushed', async () => {
      const history = await admin.call('history', { query: { range: '1h' } });
      const { completed, failed, replayed } = history.totals;
      return completed === 2 && failed === 1 && replayed === 1 ? history : null;
    });
    expect(points).toHaveLength(60);
    expect(totals).toMatchObject({
      submitted: 3,
      calls: 3,
      output_tokens: 10,
      queue_wait: { p50: expect.any(Number) },
    });
    expect(totals.first_token.p95).toBeGreaterThan(0);
    expect(totals.cost_usd).toBeGreaterThan(0);
    expect(models).toMatchObject([{ name: 'sim', calls: 3 }]);
    expect(tenants).toMatchObject([{ name: 'default', jobs: 3 }]);
    expect(lanes).toMatchObject([{ name: 'default', completed: 2, failed: 1, cancelled: 0 }]);

    const { groups } = await admin.call('failures', { query: { range: '24h' } });
    const [, , refused] = made;
    expect(groups).toEqual([
      {
        code: 'provider_bad_request',
        provider: 'main',
        lane: 'default',
        count: 1,
        newest: [expect.objectContaining({ id: refused?.job.id, tenant: 'default', task: 'chat.completions' })],
      },
    ]);
  });
});
