/**
 * What may be done on Bull Board's pages. They know BullMQ's entries only, which are disposable: a job is what its record and
 * journal say, and what may run is decided by Holdfast's scheduler. So an action stays where it does to Holdfast's data what its
 * button says, and is refused where it would do less, or something else, and still look done:
 *
 *   pause, resume   stay: they hold the lane in the scheduler as well (`lane-adapter.ts`)
 *   all others      refused, with what to do instead; those that later versions of Bull Board bring, too
 */
import { isJobId, RequestError } from '@holdfast/core';
import type { RequestHandler } from '@holdfast/service';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Of one queue, or of all. */
const STAYS = /^\/api\/queues\/(?:[^/]+\/)?(?:pause|resume)\/?$/i;

interface Refusal {
  /** Of the path from the queue's name on. */
  path: RegExp;
  /** `LANE` and `JOB` where the path names none. */
  why: (names: { lane: string; job: string }) => string;
}

/** A page shows them for five seconds: two short sentences each. */
const refusals: readonly Refusal[] = [
  {
    path: /^[^/]+\/retry\/completed$/i,
    why: () =>
      'Nothing was run: a completed job does not run again. Submit a new one: `holdfast submit`, or POST /v1/jobs.',
  },
  {
    path: /\/retry(?:\/[^/]+)?$/i,
    why: ({ job }) =>
      "Nothing was run: only the queue's entry would move. " +
      `A failed or cancelled job runs again by \`holdfast retry ${job}\`, or POST /v1/jobs/${job}/retry.`,
  },
  {
    path: /\/concurrency$/i,
    why: ({ lane }) =>
      'Nothing was set: the lane would be slow, and look open. Limit it by ' +
      `\`holdfast lanes limit ${lane} --max-running N\`, or PATCH /admin/v1/lanes/${lane} {"limits": {"max_running": N}}.`,
  },
  {
    path: /\/rate-limit$/i,
    why: ({ lane }) =>
      'Nothing was set: the lane would be slow, and look open. Limit it by ' +
      `\`holdfast lanes limit ${lane} --requests-per-minute N\`, or PATCH /admin/v1/lanes/${lane} ` +
      '{"limits": {"requests_per_minute": N}}.',
  },
  {
    path: /\/rate-limit\/release$/i,
    why: ({ lane }) =>
      `Nothing was released: Holdfast has limits of its own. \`holdfast lanes limit ${lane} --reset\` takes back what was set.`,
  },
  {
    path: /\/promote$/i,
    why: ({ job }) =>
      "Nothing was promoted: delayed jobs wait in Holdfast's scheduler. " +
      `To run one now, \`holdfast cancel ${job}\`, and submit it without \`delay_ms\`.`,
  },
  {
    path: /^[^/]+\/(?:empty|obliterate)$/i,
    why: ({ lane }) =>
      'Nothing was removed: the jobs would be queued again within seconds. ' +
      `\`holdfast lanes pause ${lane}\` holds them all; \`holdfast cancel JOB\` stops one, \`holdfast delete JOB\` forgets it.`,
  },
  {
    path: /\/clean(?:\/[^/]+)?$/i,
    why: ({ job }) =>
      "Nothing was removed: only the queue's entry would go, and the job stay. " +
      `\`holdfast cancel ${job}\` stops it, \`holdfast delete ${job}\` forgets it when it has ended.`,
  },
  {
    path: /\/(?:delay|priority)$/i,
    why: ({ job }) =>
      "Nothing was changed: Holdfast's scheduler decides when a job runs. " +
      `\`holdfast cancel ${job}\`, and submit it with another \`delay_ms\` or \`priority\`.`,
  },
  {
    path: /\/(?:add|update-data)$/i,
    why: () =>
      'Nothing was written: jobs are made through the API, and not edited. Submit one: `holdfast submit`, or POST /v1/jobs.',
  },
  {
    path: /\/job-schedulers(?:\/|$)/i,
    why: () =>
      'Nothing was done: Holdfast has no job schedulers. Submit from a timer of yours: `holdfast submit`, or POST /v1/jobs.',
  },
  { path: /\/remove-unprocessed-children$/i, why: () => "Nothing was removed: Holdfast's jobs have no children." },
];

/** @throws RequestError `forbidden`, saying that nothing was done, and what to do instead */
export const refuseUntrueActions: RequestHandler = (request, _response, next) => {
  if (SAFE_METHODS.has(request.method) || STAYS.test(request.path)) return next();
  throw new RequestError('forbidden', whyRefused(request.path));
};

/** @param path below the board's own, as `/api/queues/<lane>/<entry>/retry` */
export function whyRefused(path: string): string {
  const below = path.replace(/^\/api\/queues\//i, '').replace(/\/+$/, '');
  const known = refusals.find((refusal) => refusal.path.test(below));
  return known
    ? known.why(namesIn(below))
    : 'Nothing was done: of what this page offers, only pause and resume do what they say. The `holdfast` command does the rest.';
}

/** The lane, and the job of the entry (`<job id>.<release>`), where the path names them. */
function namesIn(below: string): { lane: string; job: string } {
  const [lane = '', entry = ''] = below.split('/');
  const [job = ''] = entry.split('.', 1);
  return { lane: /^[\w.-]+$/.test(lane) ? lane : 'LANE', job: isJobId(job) ? job : 'JOB' };
}
