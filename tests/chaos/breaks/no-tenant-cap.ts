/** Loaded before API and worker: a tenant's jobs at once are not counted. */
import { changeSource } from '../change-source.ts';

changeSource('packages/queue/src/scripts/pump.ts', 'if countsForTenant and most > 0 and', 'if false and');
