import type { Fragment } from './fragment.ts';
import { names } from './names.ts';
import { record } from './record.ts';
import { segments } from './segments.ts';

/** The fields that `writeEvents` needs. */
export const journalFields = ['size', 'staged'];

/** Ended jobs are packed where their log or their request is at least this large. */
export const PACK_LOG_FROM_BYTES = 1_024;
export const PACK_REQUEST_FROM_BYTES = 4_096;

/** A larger request is never packed: unpacking it would take too long. */
export const PACK_REQUEST_TO_BYTES = 65_536;

/** A larger answer is not published: readers get it from the log. */
const MAX_IN_MESSAGE = 16_384;

/** The log gets an index entry each time that it has grown by this many bytes. */
export const INDEX_EVERY_BYTES = 16_384;

/**
 * A job's log.
 *
 *   writeEvents(job, first, last, bytes, hasEnded, output)
 *                                appends events, with what was staged for them before (script `stageEvents`), and publishes
 *                                them. `job` has `journalFields`; its `seq` and `size` change, and `writeRecord` has to follow.
 *                                A message on the live channel is `<first> <last> <1 if the job ended with it>\\n<bytes>`; without
 *                                bytes, listeners read the log. `output`, or nil: the answer. The log has a mark in its place, and
 *                                the message has the answer itself where it is short. Returns how many listen; only a hint, since
 *                                other nodes of a cluster don't count. The log ends at `size`: bytes after it were staged by an
 *                                attempt that is gone
 *   eventText(seq, type, data)   one event as SSE; `data` is JSON
 */
export const journal: Fragment = {
  name: 'journal',
  needs: [names, record, segments],
  lua: `
local function eventText(seq, type, data)
  return 'id: ' .. int(seq) .. '\\nevent: ' .. type .. '\\ndata: ' .. data .. '\\n\\n'
end

-- A long or staged answer is not part of the message: listeners read it from the log.
local function withOutput(bytes, output)
  if not output or #output > ${MAX_IN_MESSAGE} or stagedName(output) then return bytes end
  local mark = string.find(bytes, '\\0', 1, true)
  return mark and string.sub(bytes, 1, mark - 1) .. output .. string.sub(bytes, mark + 1) or bytes
end

local function writeEvents(job, first, last, bytes, hasEnded, output)
  local id, before, staged = job.id, num(job.size), num(job.staged) or 0
  local size, log = before + staged + #bytes, jobKey(job.id, 'log')
  if hasEnded and size < ${PACK_LOG_FROM_BYTES} then
    -- SET, because SETRANGE would leave spare memory allocated behind the log.
    redis.call('SET', log, redis.call('GETRANGE', log, 0, before + staged - 1) .. bytes)
  else writeAt(log, before + staged, bytes) end
  if math.floor(size / ${INDEX_EVERY_BYTES}) > math.floor(before / ${INDEX_EVERY_BYTES}) then
    redis.call('ZADD', jobKey(id, 'index'), first, int(before))
  end
  setField(job, 'seq', int(last))
  setField(job, 'size', int(size))
  if job.staged then setField(job, 'staged', false) end
  local message = int(first) .. ' ' .. int(last) .. (hasEnded and ' 1\\n' or ' 0\\n') .. (staged > 0 and '' or withOutput(bytes, output))
  return redis.call('PUBLISH', jobKey(id, 'live'), message)
end
`,
};
