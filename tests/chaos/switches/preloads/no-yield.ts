/** Loaded before a worker: a job that waits for a breaker keeps its permit, even when other jobs wait for one. */
import { changeSource } from '../change-source.ts';

const yields = "if (othersCould && (await this.#isInTheWay())) stop.stop('yielding');";
changeSource('apps/worker/src/calls/provider-awaiter.ts', yields, '');
