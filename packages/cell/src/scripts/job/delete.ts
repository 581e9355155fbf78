import { archiving } from '../../lua/archiving/archiving.ts';
import { luaList, record } from '../../lua/record.ts';
import { segmentFields, segments } from '../../lua/segments.ts';
import { CellScript } from '../cell-script.ts';

/**
 * Deletes an ended job: record, prompt, answer, events. The archive is told to forget it.
 *
 *   ARGV  …, id
 *   returns {'deleted'} | {'not_ended', status} | {'missing'}
 */
export const deleteScript = new CellScript({
  needs: [archiving, record, segments],
  whenFull: true,
  body: `
local id = ARGV[2]
local job = readRecord(id, ${luaList(['status', 'tenant', 'shared'], segmentFields)})
local status, tenant, shared = job.status, job.tenant, job.shared
if not status then return {'missing'} end
if status == 'queued' or status == 'running' then return {'not_ended', status} end
for _, key in ipairs(segmentsOfJob(job)) do redis.call('UNLINK', key) end
redis.call('UNLINK', jobKey(id), jobKey(id, 'details'), jobKey(id, 'calls'), jobKey(id, 'steps'), jobKey(id, 'index'))
redis.call('ZREM', tenantKey(tenant) .. ':jobs', id)
redis.call('ZREM', C .. 'jobs', id)
redis.call('ZREM', C .. 'failed', id)
redis.call('ZREM', C .. 'expiring', id .. ' ' .. tenant)
redis.call('ZREM', C .. 'packing', id)
toArchive('-' .. id)
if shared and redis.call('GET', C .. 'leader:' .. shared) == id then redis.call('DEL', C .. 'leader:' .. shared) end
return {'deleted'}
`,
});
