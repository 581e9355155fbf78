/** Scripts of the archive's outbox: see the fragment `archiving`. */
import { names } from '../../lua/names.ts';
import { CellScript } from '../cell-script.ts';

/**
 * Removes entries from the outbox that were written to the archive. An entry that was added again since it was read stays.
 *
 *   ARGV  …, then for each: entry, time that was read with it
 *   returns how many were removed
 */
export const removeArchivedScript = new CellScript({
  needs: [names],
  whenFull: true,
  body: `
local outbox, removed = C .. 'archiving', 0
for at = 2, #ARGV, 2 do
  local time = redis.call('ZSCORE', outbox, ARGV[at])
  if time and tonumber(time) == tonumber(ARGV[at + 1]) then removed = removed + redis.call('ZREM', outbox, ARGV[at]) end
end
return removed
`,
});
