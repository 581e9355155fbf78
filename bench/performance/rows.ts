/** All rows, in the order of the table. */
import type { Row } from './row.ts';
import { jobs } from './rows/jobs.ts';
import { submit, submitOne } from './rows/submit.ts';

export const rows: readonly Row[] = [submit, submitOne, jobs];
