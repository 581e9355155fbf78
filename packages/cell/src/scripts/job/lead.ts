import { leader } from '../../lua/leader.ts';
import { CellScript } from '../cell-script.ts';

/**
 * Finds the job that a follower has to copy. Where no equal job can answer, the asking job leads from now on. Safe to repeat.
 *
 *   ARGV  …, id, digest of what is shared, maximum age of an answer in ms, the time from which that age is counted, retention in ms
 *   returns {} it leads
 *           {id of the leader, its created_at (its generation), 1 if it has completed, its traceparent or ''}
 */
export const leadScript = new CellScript({
  needs: [leader],
  // Running followers must find their leader even when Redis is full.
  whenFull: true,
  body: `
local id, digest, ttl, since, retention = ARGV[2], ARGV[3], ms(ARGV[4]), num(ARGV[5]), ms(ARGV[6])
local found = findLeader(id, digest, ttl, since)
if found then
  redis.call('PEXPIRE', C .. 'leader:' .. digest, int(retention))
  return found
end
takeLead(id, digest, retention)
return {}
`,
});
