/**
 * Readers that refresh every half second: each follows one job, leaves, and comes back with the number of its last event,
 * until the job ends. What each has collected must be its job's journal, byte for byte. A worker is killed meanwhile.
 */
import { formatEvent } from '@holdfast/core';
import type { Entry } from '../run/ledger.ts';
import type { Fault, Reach } from './fault.ts';
import { killWorker } from './kill-worker.ts';

const REFRESH_MS = 500;

async function readRefreshing({ stack, over }: Reach, id: string): Promise<string> {
  const client = stack.newClient();
  let after = 0;
  let log = '';
  while (!over.aborted) {
    const refresh = AbortSignal.timeout(REFRESH_MS);
    try {
      for await (const { seq, type, data } of client.attach(id, { after, signal: AbortSignal.any([refresh, over]) })) {
        after = seq;
        log += formatEvent(seq, type, data);
      }
      return log;
    } catch (error) {
      if (!refresh.aborted && !over.aborted) throw error;
    }
  }
  throw new Error('the job has not ended for its reader');
}

async function readAndCompare(reach: Reach, { id, name }: Entry): Promise<string[]> {
  try {
    const read = await readRefreshing(reach, id);
    return read === (await reach.probe.log(id)) ? [] : [`${name}: its reader got something else than the journal`];
  } catch (error) {
    return [`${name}: its reader broke off: ${error}`];
  }
}

export const refreshClients: Fault = {
  ...killWorker,
  name: 'client-refresh',
  does: 'every job has a reader that re-attaches every 500 ms; and SIGKILL of workers',
  load: { jobs: 120, perSecond: 10, tokens: [60, 200], itlMs: 30 },
  every: [3_000, 5_000],
  env: { WORKER_CONCURRENCY: '250' },
  long: { load: { jobs: 1_500, perSecond: 55, tokens: [20, 40], itlMs: 300 }, every: [3_000, 5_000] },
  async beside(reach, loadDone) {
    const readers: Promise<string[]>[] = [];
    const followNew = () => {
      for (const entry of reach.ledger.entries.slice(readers.length)) readers.push(readAndCompare(reach, entry));
    };
    const timer = setInterval(followNew, 50);
    await loadDone;
    clearInterval(timer);
    followNew();
    return (await Promise.all(readers)).flat();
  },
};
