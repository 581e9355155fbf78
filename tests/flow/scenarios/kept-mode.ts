/** Once Redis no longer keeps what is written as DURABILITY asks, no job is accepted: 5 s later at the latest. */
import { chat, until } from '../../stack/stack.ts';
import type { Scenario, Stage } from './scenario.ts';

const WITHIN_MS = 5_000;
const SUBMITS = 20;

export const keptMode = {
  name: 'kept-mode',
  stack: { workers: 0 },
  most: { acceptedAfter5s: 0 },

  /** @param withinMs a test on a busy machine gives more time */
  async play({ stack, probe }: Stage, withinMs = WITHIN_MS) {
    const submit = async (): Promise<{ status: number; code?: string; detail?: string }> => {
      const headers = { 'content-type': 'application/json' };
      const body = JSON.stringify({ ...chat('kept', 'tokens=1'), delay_ms: 600_000 });
      const response = await stack.fetch('/v1/jobs', { method: 'POST', headers, body });
      return { ...((await response.json()) as object), status: response.status };
    };
    await probe.redis.config('SET', 'appendfsync', 'everysec');
    try {
      await until('a submit is refused', async () => (await submit()).status === 503, withinMs).catch(() => undefined);
      const answers = await Promise.all(Array.from({ length: SUBMITS }, submit));
      return { counts: { acceptedAfter5s: answers.filter(({ status }) => status !== 503).length }, answers };
    } finally {
      await probe.redis.config('SET', 'appendfsync', 'always');
    }
  },
} satisfies Scenario;
