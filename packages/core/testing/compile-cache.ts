/** Half of what the start of a process from the sources costs is compiling them. */
import { join } from 'node:path';

/** Where Node keeps what it has compiled. A setting of the processes that tests start. */
export const NODE_COMPILE_CACHE = join(import.meta.dirname, '../../../node_modules/.cache/node');
