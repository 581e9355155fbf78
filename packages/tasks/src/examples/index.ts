/** The examples: what a Holdfast serves as long as its config file names no `task_files`; later, `@holdfast/tasks/examples`. */
import { chat } from './chat.ts';
import { extract } from './extract.ts';
import { summarize } from './summarize.ts';

export const exampleTasks = [summarize, extract, chat] as const;
