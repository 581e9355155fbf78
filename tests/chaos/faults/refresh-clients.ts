/**
 * Readers refresh every half second. Each follows one job, disconnects, and attaches again with the number of its last event,
 * until the job ends. What each has collected must equal its job's journal, byte for byte. Meanwhile workers are killed.
 */
import { formatEvent } from '@holdfast/core';
import type { Entry } from '../run/ledger.ts';
import type { Fault, FaultContext } from './fault.ts';
import { killWorker } from './kill-worker.ts';

const REFRESH_MS = 500;

async function readRefreshing({ stack, signal }: FaultContext, id: string): Promise<string> {
  const client = stack.newClient();
  let after = 0;
  let log = '';
  while (!signal.aborted) {
    const refresh = AbortSignal.timeout(REFRESH_MS);
    try {
      for await (const { seq, type, data } of client.attach(id, {
        after,
        signal: AbortSignal.any([refresh, signal]),
      })) {
        after = seq;
        log += formatEvent(seq, type, data);
      }
      return log;
    } catch (error) {
      if (!refresh.aborted && !signal.aborted) throw error;
    }
  }
  throw new Error('the reader has not seen the end of the job');
}

async function readAndCompare(context: FaultContext, { id, name }: Entry): Promise<string[]> {
  try {
    const read = await readRefreshing(context, id);
    return read === (await context.probe.log(id)) ? [] : [`${name}: the reader's events differ from the journal`];
  } catch (error) {
    return [`${name}: the reader failed: ${error}`];
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
  async observe(context, submitted) {
    const readers: Promise<string[]>[] = [];
    const followNew = () => {
      for (const entry of context.ledger.entries.slice(readers.length)) readers.push(readAndCompare(context, entry));
    };
    const timer = setInterval(followNew, 50);
    await submitted;
    clearInterval(timer);
    followNew();
    return (await Promise.all(readers)).flat();
  },
};
