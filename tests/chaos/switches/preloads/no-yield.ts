/** Loaded before a worker: a job that is held keeps its slot, whoever waits for one. */
import { changeSource } from '../change-source.ts';

const yields = "if (othersCould && (await this.#isInTheWay())) stop.stop('yielding');";
changeSource('apps/worker/src/calls/provider-awaiter.ts', yields, '');
