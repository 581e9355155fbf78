/** Row `redis-per-job`: what a streamed job costs Redis from submit to end, without readers. */
import type { LoadAnswer } from '../../load/requests.ts';
import { withBed } from '../bed/bed.ts';
import { startMeter } from '../bed/cpu.ts';
import { HoldfastBed } from '../bed/holdfast.ts';
import { startLoad, startProvider } from '../bed/subjects.ts';
import { chatBody, submitRequest } from '../bed/submissions.ts';
import { alternate, measuredValue, type Row, type Turn } from '../row.ts';

const AT_ONCE = 20;

export const redisPerJob: Row = {
  name: 'redis-per-job',
  title: 'Redis per job of 200 tokens, 5 ms apart',
  figures: [
    {
      title: 'CPU',
      peer: '–',
      unit: ' ms',
      goal: { atMost: 0.8 },
      of: (repetition) => measuredValue(repetition, 'holdfast', 'redisMs'),
    },
    {
      title: 'commands, including those in scripts',
      peer: '–',
      unit: '',
      of: (repetition) => measuredValue(repetition, 'holdfast', 'commands'),
    },
  ],
  measure: ({ repetitions, quick }) =>
    withBed(async (bed) => {
      const [load, provider, redis] = [await startLoad(bed), await startProvider(bed), await bed.redis()];
      const holdfast = await HoldfastBed.start(bed, { redis, providerUrl: provider.url });
      await holdfast.startWorker();
      const requests = [submitRequest(chatBody('Say something.', 'tokens=200&itl_ms=5'))];
      const waves = quick ? 2 : 5;
      const turn = async (): Promise<Turn> => {
        const [before, commands] = [await provider.completed(), await redis.commands()];
        const meter = startMeter({ redis: [redis.pid] });
        for (let wave = 1; wave <= waves; wave++) {
          const until = { count: AT_ONCE };
          await load.ask<LoadAnswer>({ port: holdfast.api.port, connections: AT_ONCE, requests, until });
          while ((await provider.completed()) - before < wave * AT_ONCE) {
            await new Promise((resolve) => setTimeout(resolve, 20));
          }
        }
        const jobs = waves * AT_ONCE;
        const used = meter.read().redis / 1_000;
        return { redisMs: used / jobs, commands: ((await redis.commands()) - commands) / jobs };
      };
      return { load: `${AT_ONCE} at once`, repetitions: await alternate({ holdfast: turn }, repetitions) };
    }),
};
