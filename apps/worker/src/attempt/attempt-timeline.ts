/**
 * What the journal stores of when an attempt, its provider calls and its steps began and ended: for people who look into the job
 * (`readTimeline`). All of it goes with appends that are made anyway. The claim has stored the attempt's start.
 *
 * Times are ms since the job's creation: by Redis' clock up to the claim, and from there on by this process' own.
 */
import type { AttemptError, ProviderEndpoint } from '@holdfast/core';
import {
  type AttemptOutcome,
  attemptField,
  type CallOutcome,
  type Claim,
  dropField,
  type FieldChanges,
  madeField,
  numbersOf,
  type StoredCall,
  stepTimeField,
} from '@holdfast/journal';

/** How many the timeline of a job has at most; older ones are dropped. */
const MAX_ATTEMPTS = 50;
const MAX_CALLS = 200;

/** A call that this attempt has begun. */
export interface CallEntry {
  /** `<attempt>.<number>` */
  name: string;
  begun: StoredCall;
}

export interface CallBegin {
  id: string;
  provider: string;
  model: string;
  endpoint: ProviderEndpoint;
  resumed: boolean;
}

interface CallEnd {
  outcome: CallOutcome;
  error: AttemptError | null;
  /** Of `performance.now()`. */
  firstTextAt: number | null;
  tokens: { input_tokens: number; output_tokens: number } | null;
  costUsd: number | null;
}

interface TimelineOptions {
  claim: Pick<Claim, 'attempt' | 'startMs' | 'timeline'>;
  /** Id of this worker process. */
  worker: string;
  /** Of `performance.now()`. */
  claimedAt: number;
}

export class AttemptTimeline {
  readonly #options: TimelineOptions;
  readonly #attempts: string[];
  readonly #calls: string[];
  #made = 0;

  constructor(options: TimelineOptions) {
    this.#options = options;
    const known = options.claim.timeline.toSorted(compareFields);
    this.#attempts = known.filter((field) => field.startsWith('ran:'));
    this.#calls = known.filter((field) => field.startsWith('made:'));
  }

  /** Now. */
  get ms(): number {
    return this.#msAt(performance.now());
  }

  /** A call is about to leave. @returns its entry, and the fields to store with its beginning */
  beginCall({ id, provider, model, endpoint, resumed }: CallBegin): { entry: CallEntry; fields: FieldChanges } {
    this.#made += 1;
    const name = `${this.#options.claim.attempt}.${this.#made}`;
    const begun: StoredCall = { startMs: this.ms, provider, model, endpoint, call: id, resumed, end: null };
    this.#calls.push(`made:${name}`);
    const oldest = this.#calls.length > MAX_CALLS ? this.#calls.shift() : undefined;
    const dropped = oldest === undefined ? {} : dropField(oldest);
    return { entry: { name, begun }, fields: { ...madeField(name, begun), ...dropped } };
  }

  endCall({ name, begun }: CallEntry, { outcome, error, firstTextAt, tokens, costUsd }: CallEnd): FieldChanges {
    const end = {
      tookMs: this.ms - begun.startMs,
      outcome,
      code: error?.code ?? null,
      retryable: error?.retryable ?? false,
      firstTextMs: firstTextAt === null ? null : this.#msAt(firstTextAt) - begun.startMs,
      tokens,
      costUsd,
    };
    return madeField(name, { ...begun, end });
  }

  /** @param startMs of `ms` */
  endStep(path: string, startMs: number): FieldChanges {
    const { attempt } = this.#options.claim;
    return stepTimeField(path, { attempt, startMs, tookMs: this.ms - startMs });
  }

  /** The attempt ends. @param retryInMs until the next one is due; null: there is none */
  end(outcome: AttemptOutcome, error: AttemptError | null, retryInMs: number | null = null): FieldChanges {
    const { claim, worker } = this.#options;
    const why = { outcome, code: error?.code ?? null, retryable: error?.retryable ?? false };
    const end = { tookMs: this.ms - claim.startMs, ...why, retryInMs };
    const [oldest] = this.#attempts;
    const dropped = oldest !== undefined && this.#attempts.length > MAX_ATTEMPTS ? dropField(oldest) : {};
    return { ...attemptField(claim.attempt, { startMs: claim.startMs, worker, end }), ...dropped };
  }

  #msAt(time: number): number {
    const { claim, claimedAt } = this.#options;
    return claim.startMs + time - claimedAt;
  }
}

function compareFields(one: string, other: string): number {
  const [attempt, call] = numbersOf(one);
  const [otherAttempt, otherCall] = numbersOf(other);
  return attempt - otherAttempt || call - otherCall;
}
