/** Row `first-token`: from submit to the first token at the client, against the SDK straight to the provider. */
import { apiKey } from '../../../tests/stack/stack.ts';
import type { FirstTokenAnswer, FirstTokenCommand } from '../../load/first-token.ts';
import { withBed } from '../bed/bed.ts';
import { HoldfastBed } from '../bed/holdfast.ts';
import { startProvider } from '../bed/subjects.ts';
import { chatBody } from '../bed/submissions.ts';
import { alternate, type Curve, difference, type Row, ratio, type Turn } from '../row.ts';

const PEER = 'the SDK straight to the provider';
const LOADS = [1, 5, 20, 50];

type Subject = FirstTokenCommand['subject'];

/** Answers are shorter if they come one at a time: what follows the first token only takes time. */
function inputFor(atOnce: number): object {
  return chatBody('Say something.', `tokens=${atOnce === 1 ? 20 : 200}&itl_ms=5`).input;
}

export const firstToken: Row = {
  name: 'first-token',
  title: 'submit → first token at the client',
  figures: [
    {
      title: 'p50 added, 1 at a time',
      peer: PEER,
      unit: ' ms',
      goal: { atMost: 6 },
      of: difference('one', 'holdfast', 'sdk'),
    },
    { title: 'p50, 50 at once', peer: PEER, unit: ' ×', goal: { atMost: 1.5 }, of: ratio('many', 'holdfast', 'sdk') },
    { title: 'p99, 50 at once', peer: PEER, unit: ' ×', of: ratio('manyP99', 'holdfast', 'sdk') },
  ],
  measure: ({ repetitions, quick }) =>
    withBed(async (bed) => {
      const [provider, redis] = [await startProvider(bed), await bed.redis()];
      const holdfast = await HoldfastBed.start(bed, { redis, providerUrl: provider.url });
      await holdfast.startWorker();
      const env = {
        PROVIDER_URL: provider.url,
        API_URL: `http://127.0.0.1:${holdfast.api.port}`,
        API_KEY: apiKey,
      };
      const clients = await bed.start({ program: 'bench/load/first-token.ts', env });
      const ask = (subject: Subject, atOnce: number, times: number) => {
        const command: FirstTokenCommand = { subject, atOnce, times, input: inputFor(atOnce) };
        return clients.ask<FirstTokenAnswer>(command);
      };
      const turn = (subject: Subject) => async (): Promise<Turn> => {
        const one = await ask(subject, 1, quick ? 10 : 25);
        const many = await ask(subject, 50, quick ? 1 : 3);
        return { one: one.p50, oneP99: one.p99, many: many.p50, manyP99: many.p99 };
      };
      const measured = await alternate({ holdfast: turn('holdfast'), sdk: turn('sdk') }, repetitions);
      const curve: Curve = {
        name: 'first-token-against-load',
        title: 'First token against load',
        x: 'streams begun at once',
        y: 'ms until the first token, p50',
        lines: [],
      };
      for (const [subject, title] of [
        ['holdfast', 'Holdfast'],
        ['sdk', PEER],
      ] as const) {
        const points: { x: number; y: number }[] = [];
        for (const atOnce of LOADS) points.push({ x: atOnce, y: (await ask(subject, atOnce, quick ? 1 : 5)).p50 });
        curve.lines.push({ subject: title, points });
      }
      return { load: '200 tokens, 5 ms apart; one worker', repetitions: measured, curves: [curve] };
    }),
};
