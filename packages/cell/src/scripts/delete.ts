import { segments } from '../lua/segments.ts';
import { CellScript } from './cell-script.ts';

/**
 * Deletes an ended job: record, prompt, answer, events.
 *
 *   ARGV  …, id
 *   returns {'deleted'} | {'not_ended', status} | {'missing'}
 */
export const deleteScript = new CellScript({
  needs: [segments],
  whenFull: true,
  body: `
local id = ARGV[2]
local status, tenant, shared = unpack(redis.call('HMGET', jobKey(id), 'status', 'tenant', 'shared'))
if not status then return {'missing'} end
if status == 'queued' or status == 'running' then return {'not_ended', status} end
for _, key in ipairs(segmentsOfJob(id)) do redis.call('UNLINK', key) end
redis.call('UNLINK', jobKey(id), jobKey(id, 'details'), jobKey(id, 'calls'), jobKey(id, 'steps'), jobKey(id, 'index'))
redis.call('ZREM', tenantKey(tenant) .. ':jobs', id)
redis.call('ZREM', C .. 'expiring', id .. ' ' .. tenant)
redis.call('ZREM', C .. 'compact', id)
if shared and redis.call('GET', C .. 'leader:' .. shared) == id then redis.call('DEL', C .. 'leader:' .. shared) end
return {'deleted'}
`,
});
