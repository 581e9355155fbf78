/**
 * The outside ledger, and the client that fills it. It knows only what was acknowledged over HTTP. Nothing in it comes
 * from Holdfast's own records, so a job that Holdfast has lost is still in it.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { type Holdfast, HoldfastApiError, HoldfastConnectionError, HoldfastError } from '@holdfast/client';
import type { Dice } from './dice.ts';
import { type Lane, lanes } from './scene.ts';

export interface Entry {
  id: string;
  /** The idempotency key. The simulator counts the job's calls under the same name. */
  name: string;
  lane: Lane;
  /** A time of `performance.now()`. */
  acknowledgedAt: number;
}

export interface Load {
  jobs: number;
  perSecond: number;
  /** Length of an answer: minimum, maximum. */
  tokens: readonly [number, number];
  itlMs: number;
}

export class Ledger {
  readonly entries: Entry[] = [];
  /** Submits that failed after all of the client's own retries, and were repeated under the same key. */
  resubmits = 0;
  readonly #onEntry: (entry: Entry) => void;

  constructor(onEntry: (entry: Entry) => void) {
    this.#onEntry = onEntry;
  }

  add(entry: Entry): void {
    this.entries.push(entry);
    this.#onEntry(entry);
  }
}

/**
 * Further options for the simulator. A provider that honors keys may name a response late: no call is made twice.
 */
const simulatorOptions: Record<Lane, string> = {
  background: '',
  'background-keyed': '&idempotent=1&head_ms=500',
  idempotent: '&idempotent=1',
  plain: '',
};

function requestFor(lane: Lane, name: string, sim: string) {
  const model = `sim-${lane}`;
  const metadata = { case: name, sim: sim + simulatorOptions[lane] };
  if (lane.startsWith('background')) {
    return { task: 'responses', input: { model, input: 'Say something.', metadata } };
  }
  const messages = [{ role: 'user', content: 'Say something.' }];
  return { task: 'chat.completions', input: { model, messages, metadata } };
}

function mayHaveBeenAccepted(error: unknown): boolean {
  return error instanceof HoldfastConnectionError || (error instanceof HoldfastError && error.retryable);
}

interface Submits {
  client: Holdfast;
  ledger: Ledger;
  load: Load;
  dice: Dice;
  /** The name of each job begins with it. */
  run: string;
  /** Aborted when the run ends early: no submit is repeated after it. */
  signal: AbortSignal;
}

/** Redis lost the job after the API had accepted it and before the API read it: it was not acknowledged. */
function wasLost(error: unknown): boolean {
  return error instanceof HoldfastApiError && error.code === 'job_not_found';
}

/** Repeats the submit under the same key until it is acknowledged, as a careful client does. */
async function submit({ client, ledger, signal }: Submits, lane: Lane, name: string, sim: string): Promise<void> {
  for (;;) {
    try {
      const { job } = await client.submit(requestFor(lane, name, sim), { idempotencyKey: name });
      ledger.add({ id: job.id, name, lane, acknowledgedAt: performance.now() });
      return;
    } catch (error) {
      if (signal.aborted || !(mayHaveBeenAccepted(error) || wasLost(error))) throw error;
      ledger.resubmits += 1;
      await delay(100);
    }
  }
}

/** Submits at an even rate, whatever happens to earlier jobs. Resolves when all jobs are acknowledged. */
export async function submitAll(options: Submits): Promise<void> {
  const { load, dice, run } = options;
  const began = performance.now();
  const submits: Promise<unknown>[] = [];
  for (let at = 0; at < load.jobs; at++) {
    const lane = lanes[at % lanes.length] ?? 'plain';
    const sim = `tokens=${dice.between(...load.tokens)}&itl_ms=${load.itlMs}&seed=${at}`;
    // Caught at once: an unhandled rejection would end the process.
    submits.push(submit(options, lane, `${run} ${at}`, sim).catch((error: unknown) => error));
    const early = began + ((at + 1) * 1_000) / load.perSecond - performance.now();
    // A late submit doesn't wait at all: a timer takes at least a millisecond.
    if (early > 0) await delay(early);
  }
  const failure = (await Promise.all(submits)).find((error) => error !== undefined);
  if (failure !== undefined) throw failure;
}
