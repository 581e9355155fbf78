/** Loaded before a worker: a task is not given back what its completed steps have returned. */
import { changeSource } from '../change-source.ts';

const recall = 'return kept ? this.#recall(kept) : null;';
changeSource('apps/worker/src/attempt/attempt-host.ts', recall, 'return null;');
