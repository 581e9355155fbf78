/**
 * Switches that break, from outside, a safety that a run under a fault proves: there is none in the product. Each names the
 * fault under which it must turn a run red, and the promise that must be seen broken: red for another reason doesn't count.
 * Those of promises that need no fault are in `break-promise.ts`.
 *
 *   preloads     change a part of the API or a worker before it starts: `preloads/`
 *   before       changes what is around them, once all have started
 *   after        forges the outcome, to show that the judge sees it
 */

import { cutReplies } from '../faults/cut-replies.ts';
import { failOver } from '../faults/fail-over.ts';
import type { Fault } from '../faults/fault.ts';
import { freezeWorker } from '../faults/freeze-worker.ts';
import { killApi } from '../faults/kill-api.ts';
import { killRedis } from '../faults/kill-redis.ts';
import { killWorker } from '../faults/kill-worker.ts';
import { loseQueue } from '../faults/lose-queue.ts';
import type { Kind } from '../run/check-run.ts';
import type { Ledger, Load } from '../run/ledger.ts';
import type { Scene, SceneOptions } from '../run/scene.ts';

export interface Switch extends Pick<SceneOptions, 'unkeyed' | 'launch' | 'env'> {
  name: string;
  /** What is broken, for the report. */
  does: string;
  fault: Fault;
  expected: Kind;
  /** Enough for the fault to meet what is broken. */
  load: Load;
  /** When no job has ended for so long, none will any more; in ms. Default: as in any run. */
  nextEndsWithinMs?: number;
  before?(scene: Scene): Promise<void>;
  after?(scene: Scene, ledger: Ledger): Promise<void>;
}

/** How a process is launched with a file of `preloads/` before it. */
export const preload = (name: string) => ({ preload: new URL(`./preloads/${name}.ts`, import.meta.url).href });
const middleOf = ({ entries }: Ledger): string => entries[Math.floor(entries.length / 2)]?.id ?? '';

export const switches: readonly Switch[] = [
  {
    name: 'no-fence',
    does: 'appends ask neither for their attempt nor for where the journal stands',
    fault: freezeWorker,
    expected: 'journals',
    // Long answers: a job taken over must still be under way when the frozen worker wakes.
    load: { jobs: 100, perSecond: 10, tokens: [200, 240], itlMs: 30 },
    launch: { worker: preload('no-fence') },
  },
  {
    name: 'apply-twice',
    does: 'appends that are sent again after a lost reply are applied again',
    fault: cutReplies,
    expected: 'journals',
    // Much text, so that cuts fall into appends.
    load: { jobs: 120, perSecond: 10, tokens: [60, 100], itlMs: 25 },
    launch: { worker: preload('apply-twice') },
  },
  {
    name: 'split-end',
    does: 'terminal event and final state are two writes',
    fault: killWorker,
    expected: 'journals',
    load: { jobs: 80, perSecond: 10, tokens: [5, 20], itlMs: 30 },
    launch: { worker: preload('split-end') },
  },
  {
    name: 'no-maintenance',
    does: 'nobody maintains the cell: the lock of the one who does is held for good',
    fault: loseQueue,
    expected: 'not ended',
    load: { ...loseQueue.load, jobs: 80 },
    // Maintenance would have needed 2 s.
    nextEndsWithinMs: 10_000,
    before: async ({ probe }) => void (await probe.redis.set(probe.cell.keys.lock('maintenance'), 'held')),
  },
  {
    name: 'no-aof',
    does: 'Redis stops writing to disk once all have started, and nobody looks at its settings again',
    fault: killRedis,
    expected: 'lost',
    load: { ...killRedis.load, jobs: 200 },
    nextEndsWithinMs: 8_000,
    launch: { api: preload('no-server-watch') },
    before: async ({ probe }) => void (await probe.redis.config('SET', 'appendonly', 'no')),
  },
  {
    name: 'one-copy',
    does: 'a 2xx waits for no replica: DURABILITY=fsync',
    fault: failOver,
    expected: 'lost',
    load: { ...failOver.load, jobs: 160 },
    nextEndsWithinMs: 8_000,
    env: { DURABILITY: 'fsync' },
  },
  {
    name: 'early-ack',
    does: 'the API answers 202 a fifth of a second before it submits the job',
    fault: killApi,
    expected: 'lost',
    load: { ...killApi.load, jobs: 100 },
    nextEndsWithinMs: 8_000,
    launch: { api: preload('early-ack') },
  },
  {
    name: 'no-key',
    does: 'the API sees no idempotency keys, and answers slowly',
    fault: killApi,
    expected: 'duplicates',
    load: { ...killApi.load, jobs: 100 },
    // Enough to be counted.
    nextEndsWithinMs: 8_000,
    launch: { api: preload('no-key') },
  },
  {
    name: 'unkeyed',
    does: 'the idempotent lane calls a provider that could honor keys, and sends none',
    fault: killWorker,
    expected: 'calls',
    load: { ...killWorker.load, jobs: 60, tokens: [80, 120] },
    unkeyed: true,
  },
  {
    name: 'lost-record',
    does: 'one acknowledged job is deleted with its journal',
    fault: killApi,
    expected: 'lost',
    load: { ...killApi.load, jobs: 100 },
    async after({ probe }, ledger) {
      const { record, log } = probe.journal.keysOf(middleOf(ledger));
      await probe.redis.del(record, log);
    },
  },
  {
    name: 'torn-journal',
    does: 'the last event of one journal is written twice',
    fault: killApi,
    expected: 'journals',
    load: { ...killApi.load, jobs: 100 },
    async after({ probe }, ledger) {
      const id = middleOf(ledger);
      const whole = await probe.log(id);
      const torn = `${whole}${whole.split('\n\n').at(-2)}\n\n`;
      const { log, record } = probe.journal.keysOf(id);
      await probe.redis.set(log, torn);
      await probe.redis.hset(record, 'size', Buffer.byteLength(torn));
      await probe.redis.hdel(record, 'packed');
    },
  },
];
