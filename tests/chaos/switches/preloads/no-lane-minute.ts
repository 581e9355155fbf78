/** Loaded before API and worker: a lane's bucket of requests is never empty. */
import { changeSource } from '../change-source.ts';

changeSource('packages/cell/src/lua/lane-limits.ts', 'lacks(buckets.requests, 1)', '0');
