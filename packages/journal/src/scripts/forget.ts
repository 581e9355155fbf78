import { Script } from '@holdfast/redis';

/**
 * Deletes an ended job: record, prompt, answer, events.
 *
 *   KEYS  record, log, index
 *   returns {'forgotten'}; {'refused', status} it hasn't ended; {'missing'}
 */
export const forgetScript = new Script(`
local status = redis.call('HGET', KEYS[1], 'status')
if not status then return {'missing'} end
if status == 'queued' or status == 'running' then return {'refused', status} end
redis.call('DEL', unpack(KEYS))
return {'forgotten'}
`);
