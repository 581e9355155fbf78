import { fence } from '../lua/fence.ts';
import { journal } from '../lua/journal.ts';
import { CellScript } from './cell-script.ts';

/**
 * Appends the events of many attempts, each to its own journal, updates their records and publishes. What one is refused for
 * concerns no other. Safe to send again after a lost reply. What ends an attempt is `finish`.
 *
 *   ARGV  …, then for each: id, attempt, token, seq before, seq after, bytes, changes (`applyChanges` of `fence`)
 *   returns for each {'applied', 1 if a cancel has been asked for, how many listen} or an answer of `fence`
 */
export const appendScript = new CellScript({
  needs: [fence, journal],
  // What a job under way has paid for must get in.
  whenFull: true,
  body: `
local answers, at = {}, 2
while at <= #ARGV do
  checkEvents(at + 3)
  at = checkChanges(at + 6)
end
at = 2
while at <= #ARGV do
  local id, attempt, token, before, after, bytes = unpack(ARGV, at, at + 5)
  local refused, cancel = fence(id, attempt, token, before, after)
  if refused then
    answers[#answers + 1] = refused
    at = checkChanges(at + 6)
  else
    at = applyChanges(id, at + 6)
    local listeners = writeEvents(id, tonumber(before) + 1, tonumber(after), bytes, false)
    answers[#answers + 1] = {'applied', cancel, listeners}
  end
end
return answers
`,
});
