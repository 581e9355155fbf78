import type { Fragment } from './fragment.ts';
import { names } from './names.ts';
import { segments } from './segments.ts';

/** The log gets an index entry each time it passes another so many bytes. */
const INDEX_EVERY_BYTES = 16_384;

/**
 * A job's log.
 *
 *   writeEvents(id, first, last, bytes, hasEnded)
 *                                appends events, what was staged for them before (script `stageEvents`), keeps the record's
 *                                `seq` and the log's `size`, publishes. A message on the live channel is
 *                                `<first> <last> <1 if the job ended with it>\\n<bytes>`; no bytes: read the log. Returns how
 *                                many listen (a hint: other nodes of a cluster don't count) and the log's size. Its end is `size`: what lies
 *                                behind it was staged by an attempt that is gone
 *   eventText(seq, type, data)   one event as SSE; `data` is JSON
 */
export const journal: Fragment = {
  name: 'journal',
  needs: [names, segments],
  lua: `
local function eventText(seq, type, data)
  return 'id: ' .. int(seq) .. '\\nevent: ' .. type .. '\\ndata: ' .. data .. '\\n\\n'
end

local function writeEvents(id, first, last, bytes, hasEnded)
  local before, staged = unpack(redis.call('HMGET', jobKey(id), 'size', 'staged'))
  before, staged = num(before), num(staged or nil) or 0
  local size = before + staged + #bytes
  writeAt(jobKey(id, 'log'), before + staged, bytes)
  if math.floor(size / ${INDEX_EVERY_BYTES}) > math.floor(before / ${INDEX_EVERY_BYTES}) then
    redis.call('ZADD', jobKey(id, 'index'), first, int(before))
  end
  redis.call('HSET', jobKey(id), 'seq', last, 'size', int(size))
  local live = bytes
  if staged > 0 then
    redis.call('HDEL', jobKey(id), 'staged')
    live = ''
  end
  local message = first .. ' ' .. last .. ' ' .. (hasEnded and 1 or 0) .. '\\n' .. live
  return redis.call('PUBLISH', jobKey(id, 'live'), message), size
end
`,
};
