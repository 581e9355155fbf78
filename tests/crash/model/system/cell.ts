/**
 * An interleaving's cell: names of all its keys, and its clock. Redis' own time can't be held, so each script is given the
 * cell's time from a key, and is the product's own but for that: time passes when the scheduler says so.
 */
import { CellKeys, scripts } from '@holdfast/cell';
import { Script } from '@holdfast/redis';
import { TENANT } from '../jobs.ts';

export type ScriptName = keyof typeof scripts;

export const laneNames = ['default', 'background'];
/** When every interleaving begins: so early in a day that none sees its end. */
export const BEGINNING_MS = Date.UTC(2027, 0, 15);
export const TODAY = '2027-01-15';
/** Ended jobs are kept for so long. */
export const RETENTION_MS = 600_000;
export const LOCK = 'maintenance';

export const nowKey = (keys: CellKeys) => `${keys.base}now`;

export const keysOf = (prefix: string) => new CellKeys(prefix, '0');

const OWN_TIME = "redis.call('TIME')";
const HELD_TIME = `(function()
  local ms = tonumber(redis.call('GET', ARGV[1] .. 'now'))
  return {math.floor(ms / 1000), ms % 1000 * 1000}
end)()`;

/** @param lua of a script of the cell, perhaps one that was broken on purpose */
export function heldScript(lua: string): Script {
  if (/\bnow\b/.test(lua) && !lua.includes(OWN_TIME)) throw new Error('the script asks for the time in another way');
  // Memory is not what is looked at here: all may write.
  return new Script(lua.replace(OWN_TIME, HELD_TIME).replace(/^#!lua.*\n/, ''), { whenFull: true });
}

const entries = Object.entries(scripts) as [ScriptName, (typeof scripts)[ScriptName]][];

/** What is run in place of the product's scripts, by their digests. */
export const heldScripts: ReadonlyMap<string, Script> = new Map(
  entries.map(([, { script }]) => [script.sha, heldScript(script.lua)]),
);

/** Which script of the product a digest stands for; one that only reads is not looked at. */
export const nameOf: ReadonlyMap<string, ScriptName> = new Map(
  entries.filter(([name]) => name !== 'read').map(([name, { script }]) => [script.sha, name]),
);

/** What is lost together with the queue. */
export function schedulerKeys(keys: CellKeys): string[] {
  const ofLanes = ['lane', 'workers', 'due', 'deadlines', 'permits', 'new', 'old', 'credit'];
  return [
    ...['lanes', 'waiting', 'running', 'limits'].map((what) => keys.sched(what)),
    ...laneNames.flatMap((lane) => ofLanes.map((what) => keys.sched(what, lane))),
    ...laneNames.map((lane) => keys.sched('backlog', `${lane}:${TENANT}`)),
    keys.sched('blocked', TENANT),
  ];
}

/** All that a job has. */
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
      keys.leftover,
      keys.lock(LOCK),
      nowKey(keys),
      ...['expiring', 'releases', 'packing'].map((name) => keys.base + name),
    ],
  ];
}
