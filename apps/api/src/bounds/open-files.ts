/** How many connections this process can have: each is a file, and the system bounds these (`ulimit -n`). */
import type { ServiceLogger } from '@holdfast/service';
import type { HeldLimits } from './held-requests.ts';

/** Of the files: the rest is for other requests, for Redis and for what the process reads. */
const SHARE_FOR_HELD = 0.8;

/** As much of Node's report as is read here. */
interface Report {
  userLimits?: { open_files?: { soft: number | 'unlimited' } };
}

/** Files that this process may have open; null: any number, or the system doesn't say. */
export function openFilesLimit(): number | null {
  // Else it looks up the names of all hosts that there are connections to, and nothing goes on meanwhile.
  Object.assign(process.report, { excludeNetwork: true });
  const { userLimits } = process.report.getReport() as Report;
  const soft = userLimits?.open_files?.soft;
  return typeof soft === 'number' ? soft : null;
}

/** The limits of held requests, and no more of them than the process has files for. Says so where that is fewer. */
export function heldWithin(files: number | null, limits: HeldLimits, logger: Pick<ServiceLogger, 'info'>): HeldLimits {
  const most = files === null ? Number.POSITIVE_INFINITY : Math.floor(files * SHARE_FOR_HELD);
  if (limits.total <= most) return limits;
  logger.info(
    { MAX_HELD_REQUESTS: limits.total, openFiles: files, heldRequests: most },
    'this process may open too few files for MAX_HELD_REQUESTS: it holds fewer (ulimit -n)',
  );
  return { ...limits, total: most };
}
