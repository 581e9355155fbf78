/** Loaded before a worker: a breaker holds everybody, whoever's failures have opened it. */
import { changeSource } from '../change-source.ts';

const scope = 'if (doOthersFail(results, (one) => one.tenant, tenant)) return everybody;';
changeSource('packages/providers/src/health/failure-scope.ts', scope, 'return everybody;');
