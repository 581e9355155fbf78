/** Loaded before API and worker: the end of a run is settled twice. */
import { changeSource } from '../change-source.ts';

const settle = '  settleRun(job)\n';
changeSource('packages/cell/src/lua/run-end.ts', settle, settle + settle);
