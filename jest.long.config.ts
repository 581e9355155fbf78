/**
 * `npm run test:long`: browsers, whole installations, processes and servers that die, and proofs by many runs. Without them
 * `npm test` takes a few minutes.
 */
import type { Config } from 'jest';
import config from './jest.config.ts';

export default {
  ...config,
  testMatch: ['<rootDir>/{apps,packages}/*/src/**/*.long.test.ts', '<rootDir>/tests/**/*.long.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
} satisfies Config;
