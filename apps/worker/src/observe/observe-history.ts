/** What a worker adds to the history. */
import { followersLane } from '@holdfast/core';
import type { HistoryRecorder } from '@holdfast/history';
import type { WorkerObserver } from './worker-observer.ts';

const ignore = () => undefined;

export function observeForHistory(history: HistoryRecorder): WorkerObserver {
  return {
    attemptBegun({ lane, queue, attempt, waitedMs }) {
      // A follower waits for its leader, not for a turn.
      if (attempt === 1 && waitedMs !== null && queue !== followersLane) history.waited(lane, waitedMs / 1_000);
    },
    attemptOver({ lane }, outcome) {
      if (outcome === 'retry') history.retried(lane);
    },
    textBegun: (lane, seconds) => history.firstText(lane, seconds),
    jobEnded: (job) => history.ended(job),
    answerCopied: (tenant, usd) => history.copied(tenant, usd),
    callBegun({ tenant, model, isResumed }) {
      if (!isResumed) history.called(tenant, model);
    },
    callOver({ isResumed }, { outcome }) {
      if (isResumed && outcome === 'completed') history.resumed();
    },
    callUsed: (use) => history.used({ ...use, model: use.model || 'unknown' }),
    rateLimitWaited: ignore,
    budgetRefused: ignore,
    appendFenced: ignore,
  };
}
