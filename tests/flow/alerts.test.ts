/** Alerts of a whole Holdfast: what goes wrong is reported to a webhook, once, and so is its end, whichever console watches. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { secret, startReceiver } from '../../packages/alerts/testing/receiver.ts';
import { chat, freePort, type Service, Stack, until } from '../stack/stack.ts';

let stack: Stack;
let receiver: Awaited<ReturnType<typeof startReceiver>>;
beforeAll(async () => {
  receiver = await startReceiver();
  stack = await Stack.start({
    config: (main) => ({
      lanes: { default: { models: ['*'], providers: [{ name: 'main', base_url: main }] } },
      alerts: {
        webhook: { url: receiver.url, secret_env: 'ALERT_SECRET' },
        rules: { no_workers: { for_s: 0 }, failure_rate: { min_jobs: 3 } },
      },
    }),
  });
});
afterAll(async () => {
  await stack?.close();
  await receiver?.close();
});

const startConsole = async (): Promise<Service> =>
  stack.start('console', { CONSOLE_PORT: String(await freePort()), ALERT_SECRET: secret });
const told = () => receiver.received.map(({ type, data }) => `${type} ${String(data.rule)} ${String(data.subject)}`);
const untilTold = (line: string) => until(line, () => told().includes(line), 120_000);

describe('alerts', () => {
  it('say that jobs wait and no worker is alive, and that it is over, also when another console watches by then', async () => {
    const first = await startConsole();
    await Promise.all(stack.running('worker').map((worker) => worker.end()));
    const { job } = await stack.client.submit(chat('alone', 'tokens=2'));
    await untilTold('alert.firing no_workers workers');
    await first.end();
    await startConsole();
    await stack.start('worker');
    expect(await stack.client.wait(job.id)).toMatchObject({ status: 'completed' });
    await untilTold('alert.resolved no_workers workers');
    expect(told()).toEqual(['alert.firing no_workers workers', 'alert.resolved no_workers workers']);
  });

  it('say that too many jobs of a lane have failed', async () => {
    const made = await Promise.all([1, 2, 3].map((at) => stack.client.submit(chat(`bad ${at}`, 'status=400'))));
    for (const { job } of made) await stack.client.wait(job.id);
    await untilTold('alert.firing failure_rate default');
    const report = receiver.received.at(-1);
    expect(report?.data).toMatchObject({ value: 0.75, limit: 0.2, installation: stack.env.HOLDFAST_PREFIX });
  });
});

describe('a console whose secret of alerts is missing', () => {
  it('does not start, and says which variable it needs', async () => {
    await expect(stack.start('console', { CONSOLE_PORT: String(await freePort()) })).rejects.toThrow(
      /alerts\.webhook\.secret_env: ALERT_SECRET must be "whsec_"/,
    );
  });
});
