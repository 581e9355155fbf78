/** Loaded before API and worker: a lane runs as many jobs at once as its workers take. */
import { changeSource } from '../change-source.ts';

const cap = 'if state.maxRunning > 0 then free = math.min(free, state.maxRunning) end';
changeSource('packages/cell/src/scripts/queue/dispatch.ts', cap, '');
