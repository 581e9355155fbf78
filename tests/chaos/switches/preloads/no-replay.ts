/** Loaded before a worker: the results of a task's completed steps are not replayed. */
import { changeSource } from '../change-source.ts';

const replay = 'return stored ? this.#replay(stored) : null;';
changeSource('apps/worker/src/tasks/attempt-host.ts', replay, 'return null;');
