/** The admin API: every operation of `packages/admin`, with the handler that does it. */
import type { Router } from '@holdfast/service/http';
import { mountOperations } from './api/mount-operations.ts';
import { auditHandlers } from './audit/audit-handlers.ts';
import type { ConsoleDeps } from './deps.ts';
import { historyHandlers } from './history/history-handlers.ts';
import { jobHandlers } from './jobs/job-handlers.ts';
import { laneHandlers } from './lanes/lane-handlers.ts';
import { sessionHandlers } from './login/session-handlers.ts';
import { userHandlers } from './login/user-handlers.ts';
import { settingsHandlers } from './settings/settings-handlers.ts';
import { keyHandlers } from './tenants/key-handlers.ts';
import { tenantHandlers } from './tenants/tenant-handlers.ts';
import { workerHandlers } from './workers/worker-handlers.ts';

export function adminApi(deps: ConsoleDeps): Router {
  const { config, users, audit, authentication } = deps;
  const { lanes, prices, tasks, durability } = config;
  const jobNeeds = { ...deps, lanes, prices, tasks, durability };
  const handlers = {
    ...sessionHandlers(deps),
    ...userHandlers(users),
    ...auditHandlers(audit),
    ...tenantHandlers({ ...deps, plans: config.plans }),
    ...keyHandlers({ ...deps, tasks: [...config.tasks.keys()] }),
    ...laneHandlers(deps),
    ...workerHandlers({ ...deps, prefix: config.prefix, configDigest: config.configDigest }),
    ...settingsHandlers(deps),
    ...historyHandlers({ ...deps, prefix: config.prefix }),
    ...jobHandlers(jobNeeds),
  };
  const maxBodyBytes = { rerunJob: config.maxBodyBytes };
  return mountOperations(handlers, { authentication, audit, maxBodyBytes });
}
