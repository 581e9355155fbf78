/**
 * A worker computes for longer than its locks last, and receives nothing meanwhile. Node's inspector runs a busy loop in it,
 * which blocks its event loop. Afterwards all of its timers are due at once.
 */

import type { Service } from '../../stack/stack.ts';
import type { Fault } from './fault.ts';

/** Resolves when the expression has been evaluated. */
async function evaluateIn({ log }: Service, expression: string): Promise<void> {
  const [url] = /ws:\/\/127\.0\.0\.1:\S+/.exec(log) ?? [];
  if (url === undefined) throw new Error('the worker runs without an inspector');
  const inspector = new WebSocket(url);
  await new Promise<void>((resolve, reject) => {
    inspector.addEventListener('error', () => reject(new Error('the connection to the inspector failed')));
    inspector.addEventListener('message', () => resolve());
    inspector.addEventListener('open', () =>
      inspector.send(JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: { expression } })),
    );
  });
  inspector.close();
}

export const blockWorker: Fault = {
  name: 'worker-block',
  does: 'the event loop of a random worker of three is blocked by a busy loop',
  workers: 3,
  env: { NODE_OPTIONS: '--inspect=127.0.0.1:0' },
  load: { jobs: 250, perSecond: 8, tokens: [20, 60], itlMs: 30 },
  every: [8_500, 9_500],
  holdMs: 8_000,
  recovery: 'next token',
  long: {
    load: { jobs: 720, perSecond: 8, tokens: [20, 60], itlMs: 30 },
    every: [42_000, 45_000],
    holdMs: 40_000,
  },
  async inject({ stack, dice, holdMs }) {
    const worker = dice.pick(stack.running('worker'));
    await evaluateIn(worker, `{ const end = Date.now() + ${holdMs}; while (Date.now() < end); }`);
  },
};
