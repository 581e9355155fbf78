import { clock } from '../clock.ts';
import type { Fragment } from '../fragment.ts';
import { names } from '../names.ts';

/**
 * The outbox of the archive: what has still to be written to it. The step that ends or deletes a job adds the entry, so no crash
 * can lose it. Without an archive nothing is added.
 *
 *   toArchive(entry)  `<id>`: the job has ended; `-<id>`: it was deleted. An entry has the time at which it was added. The
 *                     archiver removes an entry only with the time that it has read: an entry that is added again gets a later one,
 *                     also within the same millisecond
 */
export const archiving: Fragment = {
  name: 'archiving',
  needs: [names, clock],
  lua: `
local function toArchive(entry)
  local outbox = C .. 'archiving'
  if redis.call('EXISTS', outbox .. ':wanted') == 0 then return end
  if redis.call('ZADD', outbox, 'GT', 'CH', int(now), entry) == 0 then redis.call('ZINCRBY', outbox, 1, entry) end
end
`,
};
