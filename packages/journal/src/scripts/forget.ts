import { Script } from '@holdfast/redis';

/**
 * Deletes an ended job: record, prompt, answer, events.
 *
 *   KEYS  record, log, index
 *   returns {'forgotten', what it shared an answer to or ''}; {'refused', status} it hasn't ended; {'missing'}
 */
export const forgetScript = new Script(`
local status, shared = unpack(redis.call('HMGET', KEYS[1], 'status', 'shared'))
if not status then return {'missing'} end
if status == 'queued' or status == 'running' then return {'refused', status} end
redis.call('DEL', unpack(KEYS))
return {'forgotten', shared or ''}
`);
