/** Figures about all workers together. */
import type { Worker } from '@holdfast/admin';
import { formatDuration } from '../../format/index.ts';

/** Jobs of a worker wait for one another from here on: streams stutter, and locks are renewed late. */
const SLOW_LOOP_S = 0.1;

export const isSlowLoop = (seconds: number | null) => seconds !== null && seconds >= SLOW_LOOP_S;

const sum = <Item>(items: readonly Item[], of: (item: Item) => number) =>
  items.reduce((total, item) => total + of(item), 0);

/** What it runs, and may run, in all lanes. */
export function loadOf({ lanes }: Pick<Worker, 'lanes'>): { running: number; capacity: number } {
  return { running: sum(lanes, ({ running }) => running), capacity: sum(lanes, ({ capacity }) => capacity) };
}

export function summaryOf(workers: readonly Worker[]) {
  const loops = workers.flatMap(({ loop_delay_s }) => loop_delay_s ?? []);
  const slowest = loops.length === 0 ? null : Math.max(...loops);
  // A worker that drains takes no more jobs, so its free places are none.
  const capacities = workers.map((worker) => (worker.draining ? loadOf(worker).running : loadOf(worker).capacity));
  return {
    running: sum(workers, (worker) => loadOf(worker).running),
    capacity: sum(capacities, (capacity) => capacity),
    draining: workers.filter(({ draining }) => draining).length,
    otherConfigs: workers.filter(({ same_config }) => !same_config).map(({ id }) => id),
    versions: [...new Set(workers.map(({ version }) => version))].sort(),
    slowestLoop: { isSlow: isSlowLoop(slowest), text: slowest === null ? 'not measured' : formatDuration(slowest) },
  };
}

export interface LaneLoad {
  lane: string;
  running: number;
  capacity: number;
  /** By the worker's id. */
  byWorker: ReadonlyMap<string, { running: number; capacity: number }>;
}

export function laneLoads(workers: readonly Worker[]): LaneLoad[] {
  const names = [...new Set(workers.flatMap(({ lanes }) => lanes.map(({ name }) => name)))].sort();
  return names.map((lane) => {
    const served = workers.flatMap(({ id, lanes }) =>
      lanes.filter(({ name }) => name === lane).map((load) => [id, load] as const),
    );
    return { lane, ...loadOf({ lanes: served.map(([, load]) => load) }), byWorker: new Map(served) };
  });
}

export type OpenBreaker = Worker['breakers'][number] & { worker: string };

/** Those that are not closed; open ones first. */
export function openBreakers(workers: readonly Worker[]): OpenBreaker[] {
  const all = workers.flatMap(({ id, breakers }) => breakers.map((breaker) => ({ ...breaker, worker: id })));
  return all
    .filter(({ state }) => state !== 'closed')
    .toSorted((one, other) => Number(one.state === 'half_open') - Number(other.state === 'half_open'));
}
