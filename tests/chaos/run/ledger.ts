/**
 * The outside ledger, and the client that fills it. It knows only what was acknowledged over HTTP: nothing in it comes
 * from Holdfast's own bookkeeping, so a job that Holdfast forgot is still in it.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { type Holdfast, HoldfastApiError, HoldfastConnectionError, HoldfastError } from '@holdfast/client';
import type { Dice } from './dice.ts';
import { type Lane, lanes } from './scene.ts';

export interface Entry {
  id: string;
  /** The idempotency key, and the case that the simulator counts the job's calls under. */
  name: string;
  lane: Lane;
  /** On the clock of `performance.now()`. */
  acknowledgedAt: number;
}

export interface Load {
  jobs: number;
  perSecond: number;
  /** Length of an answer: from, to. */
  tokens: readonly [number, number];
  itlMs: number;
}

export class Ledger {
  readonly entries: Entry[] = [];
  /** Submits that failed with all the client's own tries, and were made again under the same key. */
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

/** A provider that honors keys may name a response as late as it likes: nothing is called twice. */
const ordersOf: Record<Lane, string> = {
  background: '',
  'background-keyed': '&idempotent=1&head_ms=500',
  idempotent: '&idempotent=1',
  plain: '',
};

function requestFor(lane: Lane, name: string, sim: string) {
  const model = `sim-${lane}`;
  const metadata = { case: name, sim: sim + ordersOf[lane] };
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
  /** Begins the name of each job. */
  run: string;
  /** Ends the tries of a run that was broken off. */
  over: AbortSignal;
}

/** Between accepting it and looking at it Redis lost the job: it was not acknowledged. */
function wasForgotten(error: unknown): boolean {
  return error instanceof HoldfastApiError && error.code === 'job_not_found';
}

/** As a careful client does: the same key, until it is acknowledged. */
async function submit({ client, ledger, over }: Submits, lane: Lane, name: string, sim: string): Promise<void> {
  for (;;) {
    try {
      const { job } = await client.submit(requestFor(lane, name, sim), { idempotencyKey: name });
      ledger.add({ id: job.id, name, lane, acknowledgedAt: performance.now() });
      return;
    } catch (error) {
      if (over.aborted || !(mayHaveBeenAccepted(error) || wasForgotten(error))) throw error;
      ledger.resubmits += 1;
      await delay(100);
    }
  }
}

/** Submits at an even rate, whatever becomes of the jobs before. Resolves when all are acknowledged. */
export async function submitAll(options: Submits): Promise<void> {
  const { load, dice, run } = options;
  const began = performance.now();
  const submits: Promise<unknown>[] = [];
  for (let at = 0; at < load.jobs; at++) {
    const lane = lanes[at % lanes.length] ?? 'plain';
    const sim = `tokens=${dice.between(...load.tokens)}&itl_ms=${load.itlMs}&seed=${at}`;
    // Caught at once: a rejection that nobody awaits yet would end the process.
    submits.push(submit(options, lane, `${run} ${at}`, sim).catch((error: unknown) => error));
    const early = began + ((at + 1) * 1_000) / load.perSecond - performance.now();
    // Behind time it doesn't wait at all: a timer takes a millisecond at least.
    if (early > 0) await delay(early);
  }
  const failure = (await Promise.all(submits)).find((error) => error !== undefined);
  if (failure !== undefined) throw failure;
}
