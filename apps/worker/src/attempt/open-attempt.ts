/**
 * Makes the objects of one claimed attempt. Each owns its part of the attempt's state, and none knows the whole:
 *
 *   stop          why the attempt has to stop          text       what readers have
 *   deadline      when the job's time is over          calls      the provider calls that are open
 *   writer        the journal's events                 failures   what has failed for answers still to come
 *   permit        its place in the lane's rate limits  tried      providers that failed after readers had text
 *   cost          what the run has cost                reservation  what is reserved for it
 *   trace         its spans
 *   timeline      when all of it began and ended
 */
import type { AttemptError, CallLimits, Logger, Prices, RetryPolicy } from '@holdfast/core';
import type { Ledger, TenantLimits } from '@holdfast/gate';
import { AttemptWriter, type Claim, type FlushClock, type Journal, type LiveFeed } from '@holdfast/journal';
import type { FairScheduler } from '@holdfast/queue';
import type { Task } from '@holdfast/tasks';
import { AnswerRecorder } from '../calls/answer-recorder.ts';
import { CallFailures } from '../calls/call-failures.ts';
import { ProviderAwaiter } from '../calls/provider-awaiter.ts';
import { ProviderCaller } from '../calls/provider-caller.ts';
import { ProviderCalls } from '../calls/provider-calls.ts';
import { TriedProviders } from '../calls/tried-providers.ts';
import type { AdaptiveRateLimit } from '../cost/adaptive-rate-limit.ts';
import { BudgetReservation } from '../cost/budget-reservation.ts';
import { RateLimitPermit } from '../cost/rate-limit-permit.ts';
import { RunCost } from '../cost/run-cost.ts';
import type { Lane } from '../lanes/lane-providers.ts';
import { FirstText } from '../observe/first-text.ts';
import type { WorkerObserver } from '../observe/worker-observer.ts';
import { AttemptHost } from '../tasks/attempt-host.ts';
import type { KnownFormats } from '../tasks/known-formats.ts';
import { type Tracing, traceAttempt } from '../tracing/attempt-trace.ts';
import { withTraceId } from '../tracing/with-trace-id.ts';
import { AttemptTimeline } from './attempt-timeline.ts';
import { EmittedText } from './emitted-text.ts';
import { JobDeadline } from './job-deadline.ts';
import type { RunningAttempts } from './running-attempts.ts';
import type { StopSignal } from './stop-signal.ts';
import { toAttemptError } from './to-attempt-error.ts';

/** What a worker process runs attempts with. Only the functions of this file and `run-attempt.ts` get it whole. */
export interface AttemptDeps {
  /** Id of this process, for the timelines of jobs. */
  worker: string;
  journal: Journal;
  /** Live events of other jobs' journals. */
  feed: LiveFeed;
  clock: FlushClock;
  running: RunningAttempts;
  tasks: ReadonlyMap<string, Task>;
  lanes: ReadonlyMap<string, Lane>;
  /** Which lane serves a model; null: none. */
  laneOf: (model: string) => string | null;
  callLimits: CallLimits;
  adaptiveRateLimit: AdaptiveRateLimit;
  ledger: Ledger;
  limits: TenantLimits;
  prices: Prices;
  retryPolicy: RetryPolicy;
  scheduler: Pick<FairScheduler, 'doOthersWait'>;
  /** Worker deaths that fail a job. */
  crashLimit: number;
  /** How long an attempt waits for a provider that may be called, in ms. */
  maxWaitMs: number;
  /** What a job may answer, as JSON, and write into its journal in one attempt. */
  maxAnswerBytes: number;
  /** Clients see what a task threw, not only that it threw. */
  showsTaskErrors: boolean;
  knownFormats: KnownFormats;
  random: () => number;
  tracing: Tracing;
  observer: WorkerObserver;
  logger: Logger;
}

export type OpenAttempt = ReturnType<typeof openAttempt>;

export function openAttempt(deps: AttemptDeps, claim: Claim, stop: StopSignal) {
  const { callLimits, observer } = deps;
  const trace = traceAttempt(deps.tracing, claim);
  const logger = withTraceId(deps.logger, trace.traceId);
  const firstText = new FirstText((seconds) => {
    // A follower's text is another job's.
    if (claim.queue === claim.lane) observer.textBegun(claim.lane, seconds);
  });
  const writer = openWriter(deps, claim, stop, (seq) => firstText.stored(seq));
  const lane = deps.lanes.get(claim.lane) ?? null;
  const cost = openCost(deps, claim);
  const failures = new CallFailures(claim.calls.failed, writer);
  const canRepeat = lane?.idempotent === true;
  const claimedAt = performance.now();
  const timeline = new AttemptTimeline({ claim, worker: deps.worker, claimedAt });
  return {
    claim,
    /** On the clock of `performance.now()`, in ms. */
    claimedAt,
    timeline,
    stop,
    deadline: new JobDeadline(claim.deadlineInMs, () => stop.stop('deadline')),
    /** null: this worker doesn't know it. */
    lane,
    laneName: claim.lane,
    writer,
    text: new EmittedText(writer, claim.calls.textDiscarded, () => firstText.written(writer.seq)),
    cost,
    failures,
    calls: new ProviderCalls({ before: claim.calls, writer, cost, failures, stop, timeline, canRepeat }),
    tried: new TriedProviders(claim.calls.tried),
    permit: new RateLimitPermit({
      claim,
      callLimits,
      logger,
      onWaited: (seconds) => observer.rateLimitWaited(claim.lane, seconds),
    }),
    trace,
    logger,
    toError: (thrown: unknown): AttemptError => toAttemptError({ claim, logger }, thrown),
  };
}

function openCost({ prices, observer }: AttemptDeps, { tenant, spent }: Claim): RunCost {
  return new RunCost(prices, spent, ({ provider, model }, { input_tokens, output_tokens, usd }) =>
    observer.callUsed({ tenant, provider, model, inputTokens: input_tokens, outputTokens: output_tokens, usd }),
  );
}

function openWriter(
  { clock, observer }: AttemptDeps,
  claim: Claim,
  stop: StopSignal,
  onStored: (seq: number) => void,
): AttemptWriter {
  return new AttemptWriter({
    clock,
    jobId: claim.jobId,
    attempt: claim.attempt,
    token: claim.token,
    seq: claim.seq,
    onCancelRequested: () => stop.stop('cancelled'),
    onRefused: ({ code }) => {
      if (code === 'fenced') observer.appendFenced();
      stop.stop(code === 'mismatch' ? 'rolled_back' : 'fenced');
    },
    onStored,
  });
}

/** What the attempt's task runs over. */
export function openHost(deps: AttemptDeps, attempt: OpenAttempt, task: Task, lane: Lane): AttemptHost {
  const { journal, knownFormats, laneOf } = deps;
  const { claim, stop, writer, text, calls, timeline, trace, logger } = attempt;
  return new AttemptHost({
    claim,
    task,
    background: lane.background,
    stop,
    writer,
    text,
    calls,
    timeline,
    caller: openCaller(deps, attempt, lane),
    journal,
    trace,
    answerFormats: knownFormats.ofLane(claim.lane),
    serves: (model) => laneOf(model) === claim.lane,
    logger,
  });
}

function openCaller(deps: AttemptDeps, attempt: OpenAttempt, lane: Lane): ProviderCaller {
  const { adaptiveRateLimit, maxAnswerBytes, ledger, limits, scheduler, maxWaitMs, random, observer } = deps;
  const { claim, stop, writer, text, calls, failures, tried, cost, permit, trace, logger, toError } = attempt;
  const awaiter = { claim, lane, writer, stop, calls, failures, scheduler, maxWaitMs, random, logger };
  return new ProviderCaller({
    claim,
    lane,
    writer,
    calls,
    failures,
    tried,
    cost,
    permit,
    reservation: new BudgetReservation({
      claim,
      ledger,
      limits,
      cost,
      calls,
      onRefused: (why) => observer.budgetRefused(why),
    }),
    recorder: new AnswerRecorder({
      claim,
      lane,
      writer,
      text,
      calls,
      maxAnswerBytes,
      onRateLimit: (said) => adaptiveRateLimit.learn(claim.lane, said),
    }),
    trace,
    newAwaiter: (call) => new ProviderAwaiter(awaiter, call),
    observer,
    toError,
  });
}
