/** `npm start`. Does not build or install: `prepare.mjs` has done that. */
import { Progress } from '../progress.mjs';
import { runLocal } from './run-local.ts';

/** Steps 1 and 2 were `prepare.mjs`'s. */
const progress = new Progress({ total: 4, first: 3 });

try {
  await runLocal({ env: process.env, progress });
} catch (error) {
  process.stderr.write(`\nHoldfast: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
