/** What every process of Holdfast stands on: settings, log, life and death, and the base of its HTTP server. */

export * from './config-file.ts';
export * from './json-body.ts';
export * from './logger.ts';
export * from './metrics.ts';
export * from './problem.ts';
export type { OnRequestEnd } from './request-log.ts';
export * from './run-service.ts';
export * from './server.ts';
export * from './settings.ts';
export * from './unknown-settings.ts';
