import { fence, fenceFields } from '../../lua/fence.ts';
import { journal, journalFields } from '../../lua/journal.ts';
import { luaList, record } from '../../lua/record.ts';
import { CellScript } from '../cell-script.ts';

/**
 * Appends the events of many attempts, each to its own journal, updates their records and publishes. A refused append doesn't
 * affect the others. Safe to send again after a lost reply. The script `finish` ends an attempt.
 *
 *   ARGV  …, then for each: id, attempt, token, seq before, seq after, bytes, changes (`applyChanges` of `fence`)
 *   returns for each {'applied', 1 if a cancel was requested, how many listen} or an answer of `fence`
 */
export const appendScript = new CellScript({
  needs: [record, fence, journal],
  // A running job has paid for these events: they must be stored.
  whenFull: true,
  body: `
local fields = ${luaList(fenceFields, journalFields)}
local answers, at = {}, 2
while at <= #ARGV do
  checkEvents(at + 3)
  at = checkChanges(at + 6)
end
at = 2
while at <= #ARGV do
  local id, attempt, token, before, after, bytes = unpack(ARGV, at, at + 5)
  local job = readRecord(id, fields)
  local refused = fence(job, attempt, token, before, after)
  if refused then
    answers[#answers + 1] = refused
    at = checkChanges(at + 6)
  else
    at = applyChanges(job, at + 6)
    local listeners = writeEvents(job, before + 1, after, bytes, false)
    writeRecord(job)
    answers[#answers + 1] = {'applied', cancelFlag(job), listeners}
  end
end
return answers
`,
});
