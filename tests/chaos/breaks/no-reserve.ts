/** Loaded before API and worker: what is set aside for jobs that have not ended counts against no budget. */
import { changeSource } from '../change-source.ts';

changeSource('packages/gate/src/scripts/budgets.ts', 'spent + reserved + more <= budget', 'spent + more <= budget');
