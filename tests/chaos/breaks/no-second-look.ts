/** Loaded before an API: whose key it is, is asked when a submit begins, and not again when its body has come. */
import { changeSource } from '../change-source.ts';

const again = 'const caller = await callerOf(parts, request);';
// What `forCallers` has handed over.
changeSource('apps/api/src/routes/submit-job.ts', again, 'const caller = arguments[3];');
