/** What a process has counted is in the history once, although the reply to a flush is lost, and the flush is sent again. */
import { readHistory } from '@holdfast/history';
import { historyKeys } from '../../../packages/history/src/keys.ts';
import { RedisProxy } from '../../chaos/redis/redis-proxy.ts';
import { chat, until } from '../../stack/stack.ts';
import type { Scenario, Stage } from './scenario.ts';

const JOBS = 10;

export const flushedOnce = {
  name: 'flushed-once',
  stack: { workers: 0 },
  most: { countedTooMuch: 0 },

  async play({ stack, probe }: Stage) {
    const proxy = await RedisProxy.open(String(stack.env.REDIS_URL));
    // No other process counts there.
    const prefix = `${stack.prefix}-flushed`;
    const submitted = async () => (await readHistory(probe.redis, prefix, '1h')).totals.submitted;
    try {
      await stack.startApi({ REDIS_URL: proxy.url, HOLDFAST_PREFIX: prefix });
      const client = stack.newClient(stack.apiUrls.at(-1));
      const submit = (count: number) =>
        Promise.all(Array.from({ length: count }, () => client.submit(chat('flushed', 'tokens=1'))));
      await submit(1);
      // Redis has the script then: what is cut is the reply of a flush, not the answer that it has no such script.
      await until('the first flush is counted', async () => (await submitted()) === 1);
      const cut = proxy.cutReply(historyKeys(prefix).rolled);
      await submit(JOBS);
      await cut;
      // Flushes are sent in order: once this one is counted, the one before it was sent again.
      await submit(1);
      await until('all are counted', async () => (await submitted()) >= JOBS + 2);
      await stack.running('api').at(-1)?.end();
      return { counts: { countedTooMuch: (await submitted()) - JOBS - 2 } };
    } finally {
      await proxy.close();
    }
  },
} satisfies Scenario;
