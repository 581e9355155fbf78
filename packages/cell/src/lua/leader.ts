import type { Fragment } from './fragment.ts';
import { names } from './names.ts';

/**
 * Which of a tenant's equal jobs makes the call: the leader. The others follow it and copy what its journal says.
 *
 *   findLeader(id, digest, ttl, since)  the leader that job `id` has to follow: {id, created_at, 1 if it has completed, traceparent
 *                                       or ''}; nil: no job can lead it. A completed answer may be `ttl` ms older than `since`
 *   takeLead(id, digest, retention)     `id` leads from now on
 *
 * The key only names a job. Its record decides: it must have the same digest. So a lost or outdated key costs a call, and never
 * gives a wrong answer. The tenant is part of the digest.
 */
export const leader: Fragment = {
  name: 'leader',
  needs: [names],
  lua: `
local function findLeader(id, digest, ttl, since)
  local other = redis.call('GET', C .. 'leader:' .. digest)
  if not other or other == id then return nil end
  local status, shared, createdAt, finishedAt, traceparent = unpack(
    redis.call('HMGET', jobKey(other), 'status', 'shared', 'created_at', 'finished_at', 'traceparent'))
  if not status or shared ~= digest then return nil end
  if status == 'failed' or status == 'cancelled' then return nil end
  if status == 'completed' and tonumber(finishedAt) < since - ttl then return nil end
  return {other, createdAt, status == 'completed' and 1 or 0, traceparent or ''}
end

local function takeLead(id, digest, retention)
  redis.call('SET', C .. 'leader:' .. digest, id, 'PX', int(math.max(1, retention)))
end
`,
};
