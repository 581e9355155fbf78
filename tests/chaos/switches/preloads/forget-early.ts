/** Loaded before a worker: what is about to be archived is removed from the outbox before it is written. */
import { changeSource } from '../change-source.ts';

const read = '      batch = await this.#readBatch();\n';
changeSource(
  'apps/worker/src/maintenance/archive-jobs.ts',
  read,
  `${read}      await this.#outbox.remove(batch.taken);\n`,
);
