/** Loaded before a worker: every call is admitted, however often its provider has failed. */
import { changeSource } from '../change-source.ts';

const admit = '{ isTrial: false, succeeded() {}, failed() {}, left() {} }';
changeSource(
  'apps/worker/src/calls/choose-provider.ts',
  'const pass = by.breaker.enter(asker);',
  `const pass = ${admit};`,
);
