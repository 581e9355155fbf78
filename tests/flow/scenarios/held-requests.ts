/** A key holds no more requests of a process than it may; and those that have ended, however they ended, count no more. */
import { chat, until } from '../../stack/stack.ts';
import { makeKey } from '../../stack/tenants.ts';
import type { Scenario, Stage } from './scenario.ts';

const MAX_HELD = 5;
const ASKED = 12;
const WITHIN_MS = 3_000;

export const heldRequests = {
  name: 'held-requests',
  stack: { workers: 0, env: { MAX_HELD_REQUESTS_PER_KEY: String(MAX_HELD) } },
  most: { heldAtOnce: MAX_HELD, refusedAfterwards: 0 },

  /** @param withinMs a test on a busy machine gives more time */
  async play({ stack, probe }: Stage, withinMs = WITHIN_MS) {
    const { key } = await makeKey(stack, probe, 'held');
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const submitted = await fetch(`${stack.apiUrl}/v1/jobs`, {
      method: 'POST',
      headers,
      body: JSON.stringify(chat('held', 'tokens=1')),
    });
    const { id } = (await submitted.json()) as { id: string };
    const leaving = new AbortController();
    const open = (signal: AbortSignal) => fetch(`${stack.apiUrl}/v1/jobs/${id}/events`, { headers, signal });
    const openAll = (count: number, signal: AbortSignal) =>
      Promise.all(Array.from({ length: count }, () => open(signal)));

    const answers = await openAll(ASKED, leaving.signal);
    const heldAtOnce = answers.filter(({ status }) => status === 200).length;
    const refused = await Promise.all(answers.filter(({ status }) => status === 429).map((answer) => answer.json()));
    const retryAfter = answers.find(({ status }) => status === 429)?.headers.get('retry-after');
    leaving.abort();

    const again = new AbortController();
    const isFree = async () => {
      const answer = await open(again.signal);
      if (answer.status !== 200) return false;
      await answer.body?.cancel();
      return true;
    };
    // Not at once: the connections must be seen to have closed.
    await until('one is let in again', isFree, withinMs).catch(() => undefined);
    const later = await openAll(MAX_HELD - 1, again.signal);
    again.abort();
    const refusedAfterwards = later.filter(({ status }) => status !== 200).length;
    return { counts: { heldAtOnce, refusedAfterwards }, refused, retryAfter };
  },
} satisfies Scenario;
