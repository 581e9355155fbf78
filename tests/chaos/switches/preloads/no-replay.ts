/** Loaded before a worker: a task is not given back what its completed steps have returned. */
import { changeSource } from '../change-source.ts';

const replay = 'return stored ? this.#replay(stored) : null;';
changeSource('apps/worker/src/tasks/attempt-host.ts', replay, 'return null;');
