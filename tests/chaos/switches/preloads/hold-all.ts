/** Loaded before a worker: an open breaker blocks every tenant, also when only one tenant's calls have failed. */
import { changeSource } from '../change-source.ts';

const scope = 'if (doOthersFail(results, (one) => one.tenant, tenant)) return everybody;';
changeSource('packages/providers/src/health/failure-scope.ts', scope, 'return everybody;');
