/** Loaded before a worker: the results of a task's completed steps are not replayed. */
import { changeSource } from '../change-source.ts';

const replay = 'if (stored) {';
changeSource('apps/worker/src/tasks/attempt-host.ts', replay, 'if (false) {');
