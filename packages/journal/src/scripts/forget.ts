import { Script } from '@holdfast/redis';

/**
 * Deletes an ended job: record, prompt, answer, events.
 *
 *   KEYS  record, log, index
 *   ARGV  what was set aside for its newest run, which is settled, or ''
 *   returns {'forgotten', what it shared an answer to or ''}
 *           {'refused', status}  it hasn't ended, or hadn't when its run was to be settled
 *           {'missing'}
 */
export const forgetScript = new Script(`
local status, shared, reservation = unpack(redis.call('HMGET', KEYS[1], 'status', 'shared', 'reservation'))
if not status then return {'missing'} end
if status == 'queued' or status == 'running' then return {'refused', status} end
if (reservation or '') ~= ARGV[1] then return {'refused', status} end
redis.call('DEL', unpack(KEYS))
return {'forgotten', shared or ''}
`);
