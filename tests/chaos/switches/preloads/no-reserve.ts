/** Loaded before API and worker: what is reserved for jobs that have not ended counts against no budget. */
import { changeSource } from '../change-source.ts';

changeSource('packages/cell/src/lua/ledger.ts', 'spent + reserved + more <= budget', 'spent + more <= budget');
