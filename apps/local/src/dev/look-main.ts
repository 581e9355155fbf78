/** One look at the tasks, told to the process that asks for it: `ask-look.ts`. */
import { lookAtTasks } from './look.ts';

process.send?.(lookAtTasks(process.env));
