import { CellScript } from '../cell-script.ts';

/** Larger answers are read separately, piece by piece. */
export const MAX_INLINE_BYTES = 16_384;

/**
 * Reads jobs, for polls and lists.
 *
 *   ARGV  …, 1 to include their answers, ids …
 *   returns for each {record, details (both as fields and values), size of its output, output, size of its text, text}; output and
 *           text are '' where there is no answer, and where they are larger than 16 KB
 */
export const readScript = new CellScript({
  needs: [],
  whenFull: true,
  body: `
local function value(key, size)
  size = tonumber(size or nil) or 0
  if size == 0 or size > ${MAX_INLINE_BYTES} then return size, '' end
  return size, redis.call('GET', key) or ''
end
local jobs = {}
for at = 3, #ARGV do
  local id = ARGV[at]
  local job = {redis.call('HGETALL', jobKey(id)), redis.call('HGETALL', jobKey(id, 'details')), 0, '', 0, ''}
  if ARGV[2] == '1' then
    local output, text = unpack(redis.call('HMGET', jobKey(id), 'output_size', 'text_size'))
    job[3], job[4] = value(jobKey(id, 'output'), output)
    job[5], job[6] = value(jobKey(id, 'text'), text)
  end
  jobs[#jobs + 1] = job
end
return jobs
`,
});
