/** The timeline of jobs whose worker is killed, as an admin sees it afterwards. What single attempts leave: `attempt-timeline.test.ts`. */
import { readTimeline } from '@holdfast/journal';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { JournalProbe } from '../stack/journal-probe.ts';
import { chat, Stack } from '../stack/stack.ts';

let stack: Stack;
let probe: JournalProbe;
beforeAll(async () => {
  const lanes = (providerUrl: string) => {
    const providers = [{ name: 'main', base_url: providerUrl }];
    return {
      background: { models: ['sim-background'], providers, background: true },
      plain: { models: ['*'], providers },
    };
  };
  stack = await Stack.start({ workers: 0, config: (providerUrl) => ({ lanes: lanes(providerUrl) }) });
  probe = await JournalProbe.open(stack);
});
afterAll(async () => {
  await probe?.close();
  await stack?.close();
});

describe('the timeline of a job whose worker was killed', () => {
  it('has both attempts with their workers; the call that was resumed is in both, the one that was lost is made anew', async () => {
    const first = await stack.start('worker');
    const sim = 'tokens=120&itl_ms=5&pause_after=60&seed=3';
    const input = { model: 'sim-background', input: 'Say something.', metadata: { case: 'resumed', sim } };
    const { job: resumed } = await stack.client.submit({ task: 'responses', input });
    const { job: lost } = await stack.client.submit(chat('made anew', sim));
    await Promise.all([resumed, lost].map(({ id }) => probe.streaming(id)));
    await first.end('SIGKILL');
    await Promise.all(['resumed', 'made anew'].map((name) => stack.goOn(name)));
    const second = await stack.start('worker');
    await probe.completed([resumed.id, lost.id]);

    const timeline = await readTimeline(probe.journal, resumed.id);
    const [before, after] = timeline?.attempts ?? [];
    expect([before, after]).toMatchObject([
      { attempt: 1, outcome: 'lost', ended_at: null, worker: expect.stringMatching(`-${first.child.pid}$`) },
      { attempt: 2, outcome: 'completed', worker: expect.stringMatching(`-${second.child.pid}$`) },
    ]);
    expect(Date.parse(after?.started_at ?? '')).toBeGreaterThan(Date.parse(before?.started_at ?? ''));
    expect(timeline?.calls).toMatchObject([
      {
        attempt: 1,
        provider: 'main',
        model: 'sim-background',
        endpoint: 'responses',
        outcome: 'interrupted',
        resumed: false,
      },
      { attempt: 2, outcome: 'completed', resumed: true, output_tokens: 120 },
    ]);
    expect((await readTimeline(probe.journal, lost.id))?.calls).toMatchObject([
      { attempt: 1, outcome: 'interrupted', resumed: false },
      { attempt: 2, outcome: 'completed', resumed: false },
    ]);
  });
});
