/**
 * Which actions Bull Board's pages allow. Bull Board knows only BullMQ's entries, which are disposable: a job is its record and
 * journal, and Holdfast's scheduler decides what may run. So an action is allowed only if it changes Holdfast's data as its
 * button says. Otherwise it would look done, and do less or something else.
 *
 *   pause, resume   allowed: they also pause the lane in the scheduler (`lane-adapter.ts`)
 *   all others      refused, with what to do instead; also actions that later versions of Bull Board add
 */
import { isJobId, RequestError } from '@holdfast/core';
import type { RequestHandler } from '@holdfast/service/http';
import { isSafe } from '../login/same-origin.ts';

/** Pause and resume of one queue, or of all. */
const ALLOWED = /^\/api\/queues\/(?:[^/]+\/)?(?:pause|resume)\/?$/i;

interface Refusal {
  /** Matches the path from the queue's name on. */
  path: RegExp;
  /** `LANE` and `JOB` where the path names none. */
  why: (names: { lane: string; job: string }) => string;
}

/** A page shows a text for five seconds: at most two short sentences each. */
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
      `To run a failed or cancelled job again: \`holdfast retry ${job}\`, or POST /v1/jobs/${job}/retry.`,
  },
  {
    path: /\/concurrency$/i,
    why: ({ lane }) =>
      'Nothing was set: Holdfast would not know this limit. Set one with ' +
      `\`holdfast lanes limit ${lane} --max-running N\`, or PATCH /admin/v1/lanes/${lane} {"limits": {"max_running": N}}.`,
  },
  {
    path: /\/rate-limit$/i,
    why: ({ lane }) =>
      'Nothing was set: Holdfast would not know this limit. Set one with ' +
      `\`holdfast lanes limit ${lane} --requests-per-minute N\`, or PATCH /admin/v1/lanes/${lane} ` +
      '{"limits": {"requests_per_minute": N}}.',
  },
  {
    path: /\/rate-limit\/release$/i,
    why: ({ lane }) =>
      `Nothing was released: Holdfast has its own limits. \`holdfast lanes limit ${lane} --reset\` removes those set at run time.`,
  },
  {
    path: /\/promote$/i,
    why: ({ job }) =>
      "Nothing was promoted: delayed jobs wait in Holdfast's scheduler. " +
      `To run one now: \`holdfast cancel ${job}\`, then submit it without \`delay_ms\`.`,
  },
  {
    path: /^[^/]+\/(?:empty|obliterate)$/i,
    why: ({ lane }) =>
      'Nothing was removed: the jobs would be queued again within seconds. ' +
      `\`holdfast lanes pause ${lane}\` pauses them all; \`holdfast cancel JOB\` stops one, \`holdfast delete JOB\` removes it.`,
  },
  {
    path: /\/clean(?:\/[^/]+)?$/i,
    why: ({ job }) =>
      "Nothing was removed: only the queue's entry would go, and the job would stay. " +
      `\`holdfast cancel ${job}\` stops it, \`holdfast delete ${job}\` removes it once it has ended.`,
  },
  {
    path: /\/(?:delay|priority)$/i,
    why: ({ job }) =>
      "Nothing was changed: Holdfast's scheduler decides when a job runs. " +
      `To change it: \`holdfast cancel ${job}\`, then submit it with another \`delay_ms\` or \`priority\`.`,
  },
  {
    path: /\/(?:add|update-data)$/i,
    why: () =>
      'Nothing was written: jobs are submitted through the API, and never edited. Submit one: `holdfast submit`, or POST /v1/jobs.',
  },
  {
    path: /\/job-schedulers(?:\/|$)/i,
    why: () =>
      'Nothing was done: Holdfast has no job schedulers. Submit from your own timer: `holdfast submit`, or POST /v1/jobs.',
  },
  { path: /\/remove-unprocessed-children$/i, why: () => "Nothing was removed: Holdfast's jobs have no children." },
];

/** @throws RequestError `forbidden` for actions that are not allowed. It says that nothing was done, and what to do instead. */
export const refuseUnsupportedActions: RequestHandler = (request, _response, next) => {
  if (isSafe(request) || ALLOWED.test(request.path)) return next();
  throw new RequestError('forbidden', whyRefused(request.path));
};

/** @param path below the board's own path, such as `/api/queues/<lane>/<entry>/retry` */
export function whyRefused(path: string): string {
  const below = path.replace(/^\/api\/queues\//i, '').replace(/\/+$/, '');
  const known = refusals.find((refusal) => refusal.path.test(below));
  return known
    ? known.why(namesIn(below))
    : 'Nothing was done: only pause and resume work here. Use the `holdfast` command for the rest.';
}

/** The lane, and the job of the entry (`<job id>.<release>`), where the path names them. */
function namesIn(below: string): { lane: string; job: string } {
  const [lane = '', entry = ''] = below.split('/');
  const [job = ''] = entry.split('.', 1);
  return { lane: /^[\w.-]+$/.test(lane) ? lane : 'LANE', job: isJobId(job) ? job : 'JOB' };
}
