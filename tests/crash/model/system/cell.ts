/**
 * An interleaving's cell: the names of all its keys, and its clock. Redis' own time can't be stopped, so each script reads the
 * time from a key instead; otherwise it is the product's own. Time passes only when the interleaving says so.
 */
import { CellKeys, scripts } from '@holdfast/cell';
import { Script } from '@holdfast/redis';
import { TENANT } from '../jobs.ts';

export type ScriptName = keyof typeof scripts;

export const laneNames = ['default', 'background'];
/** When every interleaving begins: at the start of a day, so that none lasts until the next day. */
export const BEGINNING_MS = Date.UTC(2027, 0, 15);
export const TODAY = '2027-01-15';
/** How long ended jobs are stored. */
export const RETENTION_MS = 600_000;
export const LOCK = 'maintenance';

export const nowKey = (keys: CellKeys) => `${keys.base}now`;

export const keysOf = (prefix: string) => new CellKeys(prefix, '0');

const REDIS_TIME = "redis.call('TIME')";
const TEST_TIME = `(function()
  local ms = tonumber(redis.call('GET', ARGV[1] .. 'now'))
  return {math.floor(ms / 1000), ms % 1000 * 1000}
end)()`;

/** @param lua source of a script of the cell, perhaps broken on purpose */
export function withTestClock(lua: string): Script {
  if (/\bnow\b/.test(lua) && !lua.includes(REDIS_TIME))
    throw new Error('the script reads the time in another way than by TIME');
  // Memory limits are not tested here, so all scripts may write.
  return new Script(lua.replace(REDIS_TIME, TEST_TIME).replace(/^#!lua.*\n/, ''), { whenFull: true });
}

const entries = Object.entries(scripts) as [ScriptName, (typeof scripts)[ScriptName]][];

/** The scripts with the test clock, by the digests of the product's scripts. */
export const testScripts: ReadonlyMap<string, Script> = new Map(
  entries.map(([, { script }]) => [script.sha, withTestClock(script.lua)]),
);

/** The names of the product's scripts by digest, without the one that only reads. */
export const nameOf: ReadonlyMap<string, ScriptName> = new Map(
  entries.filter(([name]) => name !== 'read').map(([name, { script }]) => [script.sha, name]),
);

/** The keys that are lost together with the queue. */
export function schedulerKeys(keys: CellKeys): string[] {
  const ofLanes = ['lane', 'workers', 'due', 'deadlines', 'permits', 'new', 'old', 'credit'];
  return [
    ...['lanes', 'waiting', 'running', 'limits'].map((what) => keys.sched(what)),
    ...laneNames.flatMap((lane) => ofLanes.map((what) => keys.sched(what, lane))),
    ...laneNames.map((lane) => keys.sched('backlog', `${lane}:${TENANT}`)),
    keys.sched('blocked', TENANT),
  ];
}

/** Every stored key of a job. */
export function jobKeys(keys: CellKeys, jobId: string): string[] {
  const { live, ...stored } = keys.job(jobId);
  return Object.values(stored);
}

/** Every key of the cell. */
export function allKeys(keys: CellKeys, jobIds: readonly string[]): string[] {
  return [
    ...jobIds.flatMap((jobId) => jobKeys(keys, jobId)),
    ...schedulerKeys(keys),
    keys.tenant(TENANT),
    keys.minute(TENANT),
    keys.day(TENANT, TODAY),
    keys.tenantJobs(TENANT),
    ...[
      keys.open,
      keys.jobs,
      keys.failed,
      keys.leftover,
      keys.lock(LOCK),
      nowKey(keys),
      ...['expiring', 'releases', 'packing'].map((name) => keys.base + name),
    ],
  ];
}
