/** A tenant's requests a minute hold exactly over three API processes, though the clocks of two are minutes off. */
import { chat } from '../../stack/stack.ts';
import { makeKey } from '../../stack/tenants.ts';
import { wrongClock } from '../../stack/wrong-clock.ts';
import type { Scenario, Stage } from './scenario.ts';

const A_MINUTE = 60;
const JOBS = 300;

/** As a client does: one that is answered with 503, by a machine that is too busy, is sent again under its key. */
export async function submit(url: string, key: string, idempotencyKey: string): Promise<Response> {
  for (;;) {
    const response = await submitOnce(url, key, idempotencyKey);
    if (response.status !== 503) return response;
  }
}

function submitOnce(url: string, key: string, idempotencyKey: string): Promise<Response> {
  return fetch(`${url}/v1/jobs`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      'idempotency-key': idempotencyKey,
    },
    body: JSON.stringify(chat('throttled', 'tokens=1')),
  });
}

/** To each of these API processes in turn; `name` begins their idempotency keys. */
export function submitMany(urls: readonly string[], key: string, name: string, jobs: number): Promise<Response[]> {
  const one = (_: unknown, at: number) => submit(urls[at % urls.length] ?? '', key, `${name}-${at}`);
  return Promise.all(Array.from({ length: jobs }, one));
}

export const requestsAMinute = {
  name: 'requests-a-minute',
  stack: { workers: 0, moreApis: [wrongClock(5), wrongClock(-5)] },
  most: { letIn: A_MINUTE },

  async play({ stack, probe }: Stage) {
    const { key } = await makeKey(stack, probe, 'minute', { requests_per_minute: A_MINUTE });
    const answers = await submitMany(stack.apiUrls, key, 'minute', JOBS);
    // 200: sent again after a 503, it was there.
    const count = (...wanted: number[]) => answers.filter(({ status }) => wanted.includes(status)).length;
    return { counts: { letIn: count(202, 200), refused: count(429) }, key, answers };
  },
} satisfies Scenario;
