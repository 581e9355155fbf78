/** Scripts that set how much may run: a lane's workers, a tenant's limits. */
import { clock } from '../../lua/clock.ts';
import { scheduler } from '../../lua/scheduler.ts';
import { CellScript } from '../cell-script.ts';

/** A worker that has been silent for this long, in ms, is gone. */
export const GONE_AFTER_MS = 10_000;

/**
 * Sets how many jobs a worker takes at once, and adds up all live workers. The sum stays until the next call: when the last worker
 * is gone, jobs with permits wait in BullMQ for the next worker.
 *
 *   ARGV  …, lane, worker, jobs at once (0: it takes no more jobs)
 */
export const capacityScript = new CellScript({
  needs: [clock],
  whenFull: true,
  body: `
local lane, worker, takes = ARGV[2], ARGV[3], ARGV[4]
local workers, sum = sched('workers', lane), 0
redis.call('HSET', workers, worker, takes .. ' ' .. int(now))
local all = redis.call('HGETALL', workers)
for at = 1, #all, 2 do
  local own, seen = string.match(all[at + 1], '^(%S+) (%S+)$')
  if tonumber(own) <= 0 or tonumber(seen) < now - ${GONE_AFTER_MS} then redis.call('HDEL', workers, all[at])
  else sum = math.min(MAX, sum + own) end
end
redis.call('HSET', sched('lane', lane), 'capacity', int(sum))
`,
});

/**
 * Sets what a tenant may run from now on.
 *
 *   ARGV  …, tenant, 'max_running weight'
 *   returns the lanes in which it may run again
 */
export const runLimitsScript = new CellScript({
  needs: [scheduler],
  body: `
redis.call('HSET', sched('limits'), ARGV[2], ARGV[3])
return unblock(ARGV[2])
`,
});
