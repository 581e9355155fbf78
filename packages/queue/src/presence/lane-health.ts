/** The health of a lane's providers, as all workers together see it: each worker has a breaker of its own. Pure. */
import type { BreakerStatus, WorkerStatus } from './worker-status.ts';

export interface ProviderHealth {
  provider: string;
  /**
   * failing      a worker's breaker is open
   * recovering   none is open, and one is half-open: its next call finds out
   * healthy      all are closed
   * unknown      no worker serves the lane
   */
  state: 'healthy' | 'recovering' | 'failing' | 'unknown';
  /** Workers whose breaker is open. */
  openOn: number;
  /** Workers that serve it. */
  workers: number;
  /** Of a newest failure, of a worker whose breaker is open, if one is; null: none has failed. */
  errorCode: string | null;
  /** When the first worker lets a call through again, in ms; null: one does now. */
  retryAtMs: number | null;
}

/** One entry for each provider that is named, in that order. */
export function healthOfLane(
  lane: string,
  providers: readonly string[],
  workers: readonly Pick<WorkerStatus, 'breakers'>[],
): ProviderHealth[] {
  const breakers = workers.flatMap((worker) => worker.breakers).filter((breaker) => breaker.lane === lane);
  return providers.map((provider) =>
    merge(
      provider,
      breakers.filter((breaker) => breaker.provider === provider),
    ),
  );
}

function merge(provider: string, breakers: readonly BreakerStatus[]): ProviderHealth {
  const open = breakers.filter(({ state }) => state === 'open');
  const worst = breakers.find(({ state }) => state === 'half_open');
  const failed = [...open, ...breakers].find(({ errorCode }) => errorCode !== null);
  const isShut = open.length > 0 && open.length === breakers.length;
  const times = open.flatMap(({ retryAtMs }) => retryAtMs ?? []);
  return {
    provider,
    state: breakers.length === 0 ? 'unknown' : open.length > 0 ? 'failing' : worst ? 'recovering' : 'healthy',
    openOn: open.length,
    workers: breakers.length,
    errorCode: failed?.errorCode ?? null,
    retryAtMs: isShut && times.length > 0 ? Math.min(...times) : null,
  };
}
