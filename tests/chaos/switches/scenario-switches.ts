/**
 * Switches that break a promise from outside where no fault is needed: limits, budgets, fair order, cache, steps, failing jobs,
 * keys, blocked event loops, archive, history, console, metrics and traces. Each names a scenario, which a test of `tests/flow` plays on an intact stack, and the count that
 * must be too high on the broken one. A failure for another reason doesn't count.
 */
import { archived } from '../../flow/scenarios/archived.ts';
import { blockedLoop } from '../../flow/scenarios/blocked-loop.ts';
import { budget } from '../../flow/scenarios/budget.ts';
import { callLimit } from '../../flow/scenarios/call-limit.ts';
import { consoleGuards } from '../../flow/scenarios/console-guards.ts';
import { endlessBlock } from '../../flow/scenarios/endless-block.ts';
import { fairOrder } from '../../flow/scenarios/fair-order.ts';
import { flushedOnce } from '../../flow/scenarios/flushed-once.ts';
import { heldRequests } from '../../flow/scenarios/held-requests.ts';
import { jobsAtOnce } from '../../flow/scenarios/jobs-at-once.ts';
import { keptMode } from '../../flow/scenarios/kept-mode.ts';
import { lanePace } from '../../flow/scenarios/lane-pace.ts';
import { metricsGuard } from '../../flow/scenarios/metrics-guard.ts';
import { outage } from '../../flow/scenarios/outage.ts';
import { ownAnswers } from '../../flow/scenarios/own-answers.ts';
import { paidSteps } from '../../flow/scenarios/paid-steps.ts';
import { poison } from '../../flow/scenarios/poison.ts';
import { privateTraces } from '../../flow/scenarios/private-traces.ts';
import { requestsAMinute } from '../../flow/scenarios/requests-a-minute.ts';
import { revokedKey } from '../../flow/scenarios/revoked-key.ts';
import type { Scenario } from '../../flow/scenarios/scenario.ts';
import { settledOnce } from '../../flow/scenarios/settled-once.ts';
import { singleFlight } from '../../flow/scenarios/single-flight.ts';
import { taskBudget } from '../../flow/scenarios/task-budget.ts';
import type { StackOptions } from '../../stack/stack.ts';
import { preload } from './fault-switches.ts';

export interface ScenarioSwitch {
  name: string;
  /** What is broken, for the report. */
  does: string;
  scenario: Scenario;
  /** The name of a count in `scenario.most`. */
  expected: string;
  launch: NonNullable<StackOptions['launch']>;
}

const everywhere = (name: string) => ({ api: preload(name), worker: preload(name) });

export const scenarioSwitches: readonly ScenarioSwitch[] = [
  {
    name: 'no-reserve',
    does: 'what is reserved for open jobs counts against no budget',
    scenario: budget,
    expected: 'spentUsd',
    launch: everywhere('no-reserve'),
  },
  {
    name: 'no-increase',
    does: 'what a further call may cost is not reserved before it leaves',
    scenario: taskBudget,
    expected: 'spentUsd',
    launch: { worker: preload('no-increase') },
  },
  {
    name: 'settle-twice',
    does: 'the end of a run is settled twice',
    scenario: settledOnce,
    expected: 'microDollarsTooMuch',
    launch: everywhere('settle-twice'),
  },
  {
    name: 'minute-per-process',
    does: 'each API process counts a tenant’s requests a minute for itself',
    scenario: requestsAMinute,
    expected: 'letIn',
    launch: { api: preload('minute-per-process') },
  },
  {
    name: 'no-tenant-cap',
    does: 'a tenant’s jobs at once are not counted',
    scenario: jobsAtOnce,
    expected: 'ofTenant',
    launch: everywhere('no-tenant-cap'),
  },
  {
    name: 'no-lane-cap',
    does: 'a lane’s jobs at once are not counted',
    scenario: jobsAtOnce,
    expected: 'ofLane',
    launch: everywhere('no-lane-cap'),
  },
  {
    name: 'no-turns',
    does: 'a tenant keeps its turn until none of its jobs waits',
    scenario: fairOrder,
    expected: 'startedBefore',
    launch: everywhere('no-turns'),
  },
  {
    name: 'no-lane-minute',
    does: 'a lane’s requests a minute are not counted',
    scenario: lanePace,
    expected: 'tooSoonMs',
    launch: everywhere('no-lane-minute'),
  },
  {
    name: 'shared-answers',
    does: 'equal jobs of different tenants share an answer',
    scenario: ownAnswers,
    expected: 'answersOfOthers',
    launch: { api: preload('shared-answers') },
  },
  {
    name: 'all-lead',
    does: 'each of several equal jobs becomes a leader',
    scenario: singleFlight,
    expected: 'calls',
    launch: { api: preload('all-lead') },
  },
  {
    name: 'no-replay',
    does: 'a task’s completed steps are not replayed in its next attempt',
    scenario: paidSteps,
    expected: 'calls',
    launch: { worker: preload('no-replay') },
  },
  {
    name: 'no-heartbeat',
    does: 'while a worker’s event loop is blocked, the locks of its jobs are not renewed',
    scenario: blockedLoop,
    expected: 'calls',
    launch: { worker: preload('no-heartbeat') },
  },
  {
    name: 'no-hand-back',
    does: 'jobs that a blocked worker hands back count a crash, as if the worker had been killed',
    scenario: endlessBlock,
    expected: 'neighborsCrashes',
    launch: { worker: preload('no-hand-back') },
  },
  {
    name: 'no-breaker',
    does: 'every call is admitted, however often its provider has failed',
    scenario: outage,
    expected: 'failed',
    launch: { worker: preload('no-breaker') },
  },
  {
    name: 'hold-all',
    does: 'an open breaker blocks every tenant, also when only one tenant’s calls have failed',
    scenario: poison,
    expected: 'late',
    launch: { worker: preload('hold-all') },
  },
  {
    name: 'no-yield',
    does: 'a job that waits for a breaker keeps its permit, even when other jobs wait for one',
    scenario: poison,
    expected: 'late',
    launch: { worker: preload('no-yield') },
  },
  {
    name: 'no-call-limit',
    does: 'the calls for one answer have no limit across its job’s attempts',
    scenario: callLimit,
    expected: 'calls',
    launch: { worker: preload('no-call-limit') },
  },
  {
    name: 'no-key-watch',
    does: 'the keys of open requests are not checked again',
    scenario: revokedKey,
    expected: 'heldAfter5s',
    launch: { api: preload('no-key-watch') },
  },
  {
    name: 'no-key-recheck',
    does: 'a submit’s key is not checked again after its body has arrived',
    scenario: revokedKey,
    expected: 'uploadsAccepted',
    launch: { api: preload('no-key-recheck') },
  },
  {
    name: 'no-held-bound',
    does: 'a key may have any number of open requests',
    scenario: heldRequests,
    expected: 'heldAtOnce',
    launch: { api: preload('no-held-bound') },
  },
  {
    name: 'no-held-release',
    does: 'an open request still counts after its end',
    scenario: heldRequests,
    expected: 'refusedAfterwards',
    launch: { api: preload('no-held-release') },
  },
  {
    name: 'no-server-watch',
    does: 'Redis’ settings are not checked again while the API runs',
    scenario: keptMode,
    expected: 'acceptedAfter5s',
    launch: { api: preload('no-server-watch') },
  },
  {
    name: 'forget-early',
    does: 'ended jobs leave the outbox before they are written to the archive',
    scenario: archived,
    expected: 'missing',
    launch: { worker: preload('forget-early') },
  },
  {
    name: 'flush-again',
    does: 'a flush of the history counts each time that it is sent',
    scenario: flushedOnce,
    expected: 'countedTooMuch',
    launch: { api: preload('flush-again') },
  },
  {
    name: 'no-csrf',
    does: 'a session of the console may act without its CSRF token',
    scenario: consoleGuards,
    expected: 'withoutToken',
    launch: { console: preload('no-csrf') },
  },
  {
    name: 'any-origin',
    does: 'a session of the console may act from a page of another origin',
    scenario: consoleGuards,
    expected: 'fromOtherOrigin',
    launch: { console: preload('any-origin') },
  },
  {
    name: 'any-role',
    does: 'a viewer of the console may act, and look at prompts and answers',
    scenario: consoleGuards,
    expected: 'asViewer',
    launch: { console: preload('any-role') },
  },
  {
    name: 'open-metrics',
    does: 'metrics are shown without METRICS_TOKEN',
    scenario: metricsGuard,
    expected: 'shown',
    launch: { worker: preload('open-metrics') },
  },
  {
    name: 'always-content',
    does: 'prompts and answers go into traces without OTEL_CAPTURE_CONTENT',
    scenario: privateTraces,
    expected: 'withPrompt',
    launch: { worker: preload('always-content') },
  },
];
