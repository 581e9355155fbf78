import type { Config } from 'jest';

const config: Config = {
  testMatch: [
    '<rootDir>/{apps,packages}/*/src/**/*.test.ts',
    '<rootDir>/apps/console/web/src/**/*.test.ts',
    '<rootDir>/tests/**/*.test.ts',
  ],
  // Long tests have a command of their own: jest.long.config.ts.
  testPathIgnorePatterns: ['/node_modules/', '/dist/', '\\.long\\.test\\.ts$'],
  modulePathIgnorePatterns: ['/dist/'],
  testEnvironment: 'node',
  // Workspaces are tested from their sources, so no build is needed, and no stale build is tested.
  testEnvironmentOptions: { customExportConditions: ['holdfast-source', 'node', 'node-addons'] },
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': ['@swc/jest', { jsc: { target: 'es2024', parser: { syntax: 'typescript' } }, module: { type: 'es6' } }],
  },
  globalSetup: '<rootDir>/tests/setup/start-redis.ts',
  globalTeardown: '<rootDir>/tests/setup/stop-redis.ts',
  // More than the cores of a small machine: tests wait more than they compute.
  maxWorkers: 4,
  // With some eighty files behind it, a test process takes longer to end than Jest's half a second, and would be called leaking.
  workerGracefulExitTimeout: 10_000,
  // Tests wait for conditions, never for a time: only one that fails comes near this.
  testTimeout: 180_000,
};

export default config;
