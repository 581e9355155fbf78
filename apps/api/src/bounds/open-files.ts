/** How many connections this process can have: each is an open file, and the system limits these (`ulimit -n`). */
import type { ServiceLogger } from '@holdfast/service';
import type { HeldLimits } from './held-requests.ts';

/** The share of files for held requests. The rest is for other requests, Redis, and files that the process reads. */
const SHARE_FOR_HELD = 0.8;

/** The part of Node's report that is read here. */
interface Report {
  userLimits?: { open_files?: { soft: number | 'unlimited' } };
}

/** How many files this process may have open; null: unlimited or unknown. */
export function openFilesLimit(): number | null {
  // Otherwise the report looks up the names of all connected hosts, and blocks the process meanwhile.
  Object.assign(process.report, { excludeNetwork: true });
  const { userLimits } = process.report.getReport() as Report;
  const soft = userLimits?.open_files?.soft;
  return typeof soft === 'number' ? soft : null;
}

/** Reduces the limit of held requests to what the process has files for, and logs it. */
export function heldWithin(files: number | null, limits: HeldLimits, logger: Pick<ServiceLogger, 'info'>): HeldLimits {
  const max = files === null ? Number.POSITIVE_INFINITY : Math.floor(files * SHARE_FOR_HELD);
  if (limits.total <= max) return limits;
  logger.info(
    { MAX_HELD_REQUESTS: limits.total, openFiles: files, heldRequests: max },
    'this process may not open enough files for MAX_HELD_REQUESTS, so it holds fewer requests: raise ulimit -n',
  );
  return { ...limits, total: max };
}
