/** What a browser does with the example `express-backend`, and what it must get. */
import { expect } from '@jest/globals';
import type { RunningExample } from './example.ts';

interface Seen {
  seq: number;
  type: string;
}

/** Reads events, from the one after `after` on, until one for which `isEnough`; then it hangs up. */
async function readEvents(url: string, after: number, isEnough: (seen: Seen) => boolean): Promise<Seen[]> {
  const headers = after === 0 ? {} : { 'last-event-id': String(after) };
  const response = await fetch(url, { headers });
  expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
  const seen: Seen[] = [];
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += new TextDecoder().decode(chunk as Uint8Array);
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const [, seq, type = ''] = /^id: (\d+)\nevent: (\S+)\ndata: /.exec(block) ?? [];
      seen.push({ seq: Number(seq), type });
      // Leaving the loop closes the connection.
      if (isEnough({ seq: Number(seq), type })) return seen;
    }
  }
  return seen;
}

export async function exerciseExpressBackend({ program, url }: RunningExample): Promise<void> {
  await program.saying(/Open http/);
  expect(await (await fetch(url)).text()).toContain('<button');
  const submit = async () => (await fetch(`${url}/orders/7/summary`, { method: 'POST' })).json();
  const answers = (await Promise.all([submit(), submit(), submit()])) as { replayed: boolean }[];
  expect(answers.map(({ replayed }) => replayed).sort()).toEqual([false, true, true]);

  const events = `${url}/orders/7/summary/events`;
  const first = await readEvents(events, 0, ({ type }) => type === 'text.delta');
  const last = first.at(-1)?.seq ?? 0;
  const rest = await readEvents(events, last, () => false);
  expect(rest[0]?.seq).toBe(last + 1);
  expect(rest.at(-1)?.type).toBe('job.completed');
  const whole = [...first, ...rest];
  expect(whole.map(({ seq }) => seq)).toEqual(whole.map((_, at) => at + 1));
  expect((await fetch(`${url}/orders/8/summary/events`)).status).toBe(404);
}
