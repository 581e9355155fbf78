/** Loads the tasks once, and sends the result to the process that asked for it (`ask-look.ts`). */
import { lookAtTasks } from './look.ts';

process.send?.(lookAtTasks(process.env));
