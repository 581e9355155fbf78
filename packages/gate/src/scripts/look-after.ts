import { Script } from '@holdfast/redis';
import { clock } from './clock.ts';
import { reservation } from './reservation.ts';

/**
 * Reservations whose jobs are to be looked at, oldest first; each is due again later, so that none is asked for in vain
 * more than once a lease, and a crash here only puts it off.
 *
 *   KEYS  reserved, reservations
 *   ARGV  how many at most, ms until they are due again
 *   returns {job id, nonce, holders, job id, …}
 */
export const lookAfterScript = new Script(`${clock}${reservation}
local due = {}
for _, job in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', nowMs, 'LIMIT', 0, ARGV[1])) do
  local nonce, _, holders = readReservation(KEYS[2], job)
  if nonce then
    redis.call('ZADD', KEYS[1], nowMs + ARGV[2], job)
    for _, told in ipairs({job, nonce, holders}) do due[#due + 1] = told end
  else
    redis.call('ZREM', KEYS[1], job)
  end
end
return due
`);
