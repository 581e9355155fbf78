/** Loaded before API and worker: a tenant's jobs at once are not counted. */
import { changeSource } from '../change-source.ts';

changeSource(
  'packages/cell/src/scripts/queue/dispatch.ts',
  'if countsForTenant(lane) and tenant.maxRunning > 0 and',
  'if false and',
);
