import { leader } from '../../lua/leader.ts';
import { CellScript } from '../cell-script.ts';

/**
 * Which job a follower is to copy; itself, where no equal job answers for it: then it leads from now on. Safe to repeat.
 *
 *   ARGV  …, id, digest of what is shared, ms that an answer may be old, the time from which that is counted, retention in ms
 *   returns {} it leads
 *           {id of the leader, its created_at: tells it from a job that was deleted and created anew, 1 if it has completed}
 */
export const leadScript = new CellScript({
  needs: [leader],
  // Followers under way must find out whom to follow while Redis is full.
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
