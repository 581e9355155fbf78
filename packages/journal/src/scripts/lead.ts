import { Script } from '@holdfast/redis';

/**
 * Says which job answers for all equal ones; the caller, where there is none, or where it is the one to be replaced.
 *
 *   KEYS  leader
 *   ARGV  job id, id of the leader that is to be replaced or '', ms until it is forgotten
 *   returns {job id of the leader, ms since it became that, now in ms}
 */
export const leadScript = new Script(
  `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local leader, since = unpack(redis.call('HMGET', KEYS[1], 'leader', 'since'))
if not leader or leader == ARGV[2] then
  leader, since = ARGV[1], now
  redis.call('HSET', KEYS[1], 'leader', leader, 'since', now)
end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return {leader, now - since, now}
`,
  // Followers under way must find out whom to follow, and the next to be replaced makes no room by waiting.
  { whenFull: true },
);

/**
 *   KEYS  leader
 *   ARGV  job id: leads no more, if it did
 */
export const giveUpLeadScript = new Script(`
if redis.call('HGET', KEYS[1], 'leader') == ARGV[1] then redis.call('DEL', KEYS[1]) end
`);
