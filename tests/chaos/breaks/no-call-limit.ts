/** Loaded before a worker: calls for an answer are counted and not bounded. */
import { changeSource } from '../change-source.ts';

const bound = 'if (attempt.calls.has(id) || charged < maxCalls) return null;';
changeSource('apps/worker/src/calls/failed-calls.ts', bound, 'return null;');
