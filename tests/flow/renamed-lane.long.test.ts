/** A lane is renamed in the config file while jobs wait in it. Real processes, old and new. */
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { JournalProbe } from '../stack/journal-probe.ts';
import { chat, Stack, until } from '../stack/stack.ts';
import { makeTenant, submitAll } from '../stack/tenants.ts';

const lanesWith = (name: string, base_url: string) => ({
  lanes: { [name]: { models: ['*'], providers: [{ name: 'main', base_url }] } },
});

let stack: Stack;
let probe: JournalProbe;
beforeAll(async () => {
  stack = await Stack.start({ config: (url) => lanesWith('small', url) });
  probe = await JournalProbe.open(stack);
});
afterAll(async () => {
  await probe.close();
  await stack?.close();
});

describe('jobs of a lane that was renamed', () => {
  it('run in the one that serves their models now, and hold no permit in the old one', async () => {
    const client = await makeTenant(stack, probe, 'acme', { max_running: 2 });
    const job = chat('renamed', 'tokens=40&itl_ms=50');
    const ids = await submitAll(
      [client],
      Array.from({ length: 5 }, () => job),
    );
    await until('two run', async () => (await stack.providerCalls('renamed')).calls === 2);
    // Killed, it leaves its permits, too.
    await stack.running('worker')[0]?.end('SIGKILL');
    const { HOLDFAST_CONFIG = '', OPENAI_BASE_URL = '' } = stack.env;
    writeFileSync(HOLDFAST_CONFIG, JSON.stringify(lanesWith('tiny', OPENAI_BASE_URL)));
    await stack.start('worker');
    // Its predecessor hasn't been silent for long enough; the API has the old file.
    await until('it says so', () => stack.logs.includes('run with another config file'));
    const ready = async () => (await (await fetch(`${stack.apiUrl}/readyz`)).json()) as object;
    await until('so does the API', async () =>
      Object.entries(await ready())
        .join()
        .includes('other_config,1'),
    );
    const ended = await Promise.all(ids.map((id) => client.wait(id)));
    expect(ended.map(({ status, lane }) => `${status} in ${lane}`)).toEqual(ids.map(() => 'completed in tiny'));
    expect((await stack.providerCalls('renamed')).completed).toBe(5);
    expect(await probe.faults(ids)).toEqual([]);
    const running = () => probe.redis.hgetall(probe.cell.keys.sched('running'));
    await until('no permit is left', async () => Object.keys(await running()).length === 0);
    expect(await probe.queue.scheduler.counts('small')).toEqual({ waiting: 0, delayed: 0, permits: 0 });
  });
});
