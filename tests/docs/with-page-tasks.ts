/** Loaded before API, worker and console: the tasks that a page tells its readers to write are among their own. */
import { changeSource } from '../chaos/change-source.ts';

const files = (process.env.PAGE_TASKS ?? '').split(':').filter((file) => file !== '');
const imports = files.map((file, at) => `import * as page${at} from '${file}';`);
const tasks = files.map((_, at) => `...Object.values(page${at}), `);
const list = 'const ownTasks: readonly Task[] = [';
changeSource('packages/tasks/src/all-tasks.ts', list, `${imports.join('\n')}\n${list}${tasks.join('')}`);
