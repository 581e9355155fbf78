/** Everything that the models check, read in one script after each script of the product. */
import type { CellKeys } from '@holdfast/cell';
import { Script } from '@holdfast/redis';
import { type Values, valuesOf } from '../../../packages/journal/src/record.ts';
import { TENANT } from './jobs.ts';
import { laneNames, TODAY } from './system/cell.ts';
import type { Arguments } from './system/redis.ts';

/** Members of a lane's keys. */
export interface LanePlaces {
  backlog: string[];
  due: string[];
  deadlines: string[];
  permits: string[];
  capacity: number;
}

export interface Snapshot {
  /** By job id; empty where there is no record. */
  records: ReadonlyMap<string, Values>;
  tenant: Values;
  day: Values;
  open: string[];
  /** The tenant's list. */
  listed: string[];
  expiring: string[];
  /** The lists of all tenants' jobs, and of failed ones. */
  all: string[];
  failed: string[];
  leftover: number;
  /** The scheduler's counts, by lane or tenant. */
  counts: { lanes: Values; waiting: Values; running: Values };
  /** How many jobs the tenant may run at once, as the scheduler has it; 0: no limit. */
  mostRunning: number;
  lanes: ReadonlyMap<string, LanePlaces>;
}

export const snapshotScript = new Script(`
local C, tenant, date, lanes = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local function all(key) return redis.call('ZRANGE', key, 0, -1) end
local places, records = {}, {}
for at = 5, 4 + lanes do
  local lane = ARGV[at]
  local function sched(what) return C .. 'sched:' .. what .. ':' .. lane end
  places[#places + 1] = {all(sched('backlog') .. ':' .. tenant), all(sched('due')), all(sched('deadlines')),
    all(sched('permits')), redis.call('HGET', sched('lane'), 'capacity') or '0'}
end
for at = 5 + lanes, #ARGV do records[#records + 1] = redis.call('HGETALL', C .. 'job:' .. ARGV[at]) end
local own = C .. 'tenant:' .. tenant
return {records, places, redis.call('HGETALL', own), redis.call('HGETALL', own .. ':day:' .. date),
  redis.call('HGETALL', C .. 'sched:lanes'), redis.call('HGETALL', C .. 'sched:waiting'),
  redis.call('HGETALL', C .. 'sched:running'), redis.call('HGET', C .. 'sched:limits', tenant) or '0 1',
  all(C .. 'open'), all(own .. ':jobs'), all(C .. 'expiring'), redis.call('ZCARD', C .. 'leftover'),
  all(C .. 'jobs'), all(C .. 'failed')}
`);

export function snapshotArguments({ open, base }: CellKeys, jobIds: readonly string[]): Arguments {
  return [snapshotScript.sha, 1, open, base, TENANT, TODAY, laneNames.length, ...laneNames, ...jobIds];
}

type Lists = readonly string[][];

export function readSnapshot(reply: unknown, jobIds: readonly string[]): Snapshot {
  const [records, places, ...rest] = reply as [Lists, [string[], string[], string[], string[], string][], ...unknown[]];
  const [tenant, day, lanes, waiting, running] = (rest.slice(0, 5) as Lists).map(valuesOf) as Five;
  const [open, listed, expiring] = rest.slice(6, 9) as [string[], string[], string[]];
  return {
    records: new Map(jobIds.map((id, at) => [id, valuesOf(records[at] ?? [])])),
    tenant,
    day,
    open,
    listed,
    expiring,
    counts: { lanes, waiting, running },
    leftover: Number(rest[9]),
    all: rest[10] as string[],
    failed: rest[11] as string[],
    mostRunning: Number.parseInt(String(rest[5]), 10),
    lanes: new Map(
      places.map(([backlog, due, deadlines, permits, capacity], at) => {
        const found = { backlog, due, deadlines, permits, capacity: Number(capacity) };
        return [laneNames[at] ?? '', found];
      }),
    ),
  };
}

type Five = [Values, Values, Values, Values, Values];
