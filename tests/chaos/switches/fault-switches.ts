/**
 * Switches that break a safety from outside; the product itself has no such switch. Each names the fault under which its run
 * must fail, and the promise that must be violated. A failure for another reason doesn't count.
 * Switches whose promises need no fault are in `scenario-switches.ts`.
 *
 *   preloads     change a part of the API or a worker before it starts: `preloads/`
 *   before       changes what surrounds the processes, once all have started
 *   after        falsifies the stored result, to show that `check-run.ts` notices
 */

import { cutReplies } from '../faults/cut-replies.ts';
import { failOver } from '../faults/fail-over.ts';
import type { Fault } from '../faults/fault.ts';
import { freezeWorker } from '../faults/freeze-worker.ts';
import { killApi } from '../faults/kill-api.ts';
import { killRedis } from '../faults/kill-redis.ts';
import { killWorker } from '../faults/kill-worker.ts';
import { loseQueue } from '../faults/lose-queue.ts';
import type { ViolationKind } from '../run/check-run.ts';
import type { Ledger, Load } from '../run/ledger.ts';
import type { Scene, SceneOptions } from '../run/scene.ts';

export interface FaultSwitch extends Pick<SceneOptions, 'unkeyed' | 'launch' | 'env'> {
  name: string;
  /** What is broken, for the report. */
  does: string;
  fault: Fault;
  expected: ViolationKind;
  /** Enough jobs for the fault to hit what is broken. */
  load: Load;
  /** When no job has ended for so long, none will; in ms. Default: the time of any run. */
  nextEndsWithinMs?: number;
  before?(scene: Scene): Promise<void>;
  after?(scene: Scene, ledger: Ledger): Promise<void>;
}

/** Launches a process with a file of `preloads/` loaded before it. */
export const preload = (name: string) => ({ preload: new URL(`./preloads/${name}.ts`, import.meta.url).href });
const middleOf = ({ entries }: Ledger): string => entries[Math.floor(entries.length / 2)]?.id ?? '';

export const faultSwitches: readonly FaultSwitch[] = [
  {
    name: 'no-fence',
    does: 'appends check neither their attempt nor the sequence number of the journal',
    fault: freezeWorker,
    expected: 'journals',
    // Long answers: a job that was taken over must still run when the frozen worker wakes.
    load: { jobs: 100, perSecond: 10, tokens: [200, 240], itlMs: 30 },
    launch: { worker: preload('no-fence') },
  },
  {
    name: 'apply-twice',
    does: 'appends that are sent again after a lost reply are applied again',
    fault: cutReplies,
    expected: 'journals',
    // Much text, so that many cut replies are those of appends.
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
    does: 'no worker runs maintenance: its lock is taken forever',
    fault: loseQueue,
    expected: 'not ended',
    load: { ...loseQueue.load, jobs: 80 },
    // Maintenance needs 2 s.
    nextEndsWithinMs: 10_000,
    before: async ({ probe }) => void (await probe.redis.set(probe.cell.keys.lock('maintenance'), 'held')),
  },
  {
    name: 'no-aof',
    does: 'Redis stops writing to disk once all have started, and no API checks its settings again',
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
    does: 'the API receives no idempotency keys, and answers slowly',
    fault: killApi,
    expected: 'duplicates',
    load: { ...killApi.load, jobs: 100 },
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
