/** Scripts that write a large value piece by piece, before the script that needs it. */
import { fence, fenceFields } from '../../lua/fence.ts';
import { luaList, record } from '../../lua/record.ts';
import { segments } from '../../lua/segments.ts';
import { CellScript } from '../cell-script.ts';

/** When a staged value expires that no script takes, in ms. */
const STAGED_MS = 60_000;

/**
 * Writes a piece of a large value. Safe to repeat.
 *
 *   ARGV  …, name, offset, bytes
 */
export const stageValueScript = new CellScript({
  needs: [segments],
  // A running job has paid for it: it must be stored.
  whenFull: true,
  body: `
local key, offset, bytes = C .. 'value:' .. ARGV[2], num(ARGV[3]), ARGV[4]
checkOffset(offset)
writeAt(key, offset, bytes)
for _, segment in ipairs(segmentsOf(key, offset + #bytes)) do redis.call('PEXPIRE', segment, ${STAGED_MS}) end
`,
});

/**
 * Writes a piece of events that are too large for one append, behind the end of the log. Nobody reads it until the append that
 * follows makes it part of the log. If the attempt is fenced off, the next attempt overwrites the piece. Safe to repeat.
 *
 *   ARGV  …, id, attempt, token, seq before, seq after (of the append that follows), offset from the end of the log, bytes
 *   returns {'staged'} or an answer of `fence`
 */
export const stageEventsScript = new CellScript({
  needs: [record, fence, segments],
  whenFull: true,
  body: `
local id, attempt, token, before, after = unpack(ARGV, 2, 6)
local offset, bytes = num(ARGV[7]), ARGV[8]
checkEvents(5)
checkOffset(offset)
local job = readRecord(id, ${luaList(fenceFields, ['size'])})
local refused = fence(job, attempt, token, before, after)
if refused then return refused end
writeAt(jobKey(id, 'log'), num(job.size) + offset, bytes)
redis.call('HSET', jobKey(id), 'staged', int(offset + #bytes))
return {'staged'}
`,
});
