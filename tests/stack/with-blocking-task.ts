/** Loaded before an API and a worker: they have `blocking-task.ts` among their own tasks. */
import { changeSource } from '../chaos/change-source.ts';

const task = new URL('./blocking-task.ts', import.meta.url).href;
const file = 'packages/tasks/src/all-tasks.ts';
changeSource(
  file,
  'const ownTasks: readonly Task[] = [summarize,',
  `import { block } from '${task}';\nconst ownTasks: readonly Task[] = [block, summarize,`,
);
