/** Loaded before a worker: calls for an answer are counted and not bounded. */
import { changeSource } from '../change-source.ts';

const bound = 'if (charged < maxCalls) return null;';
changeSource('apps/worker/src/calls/call-failures.ts', bound, 'return null;');
