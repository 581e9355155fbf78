/** What every process needs: settings, log, start and stop, metrics, traces. Its HTTP server has an entry of its own: `./http/index.ts`. */

export * from './config/config-file.ts';
export * from './config/metrics-settings.ts';
export { isLoopback, readBinding } from './config/safe-binding.ts';
export * from './config/settings.ts';
export * from './config/unknown-settings.ts';
export * from './logger.ts';
export * from './metrics/depth-metrics.ts';
export * from './metrics/ended-jobs.ts';
export * from './metrics/metrics.ts';
export * from './metrics/metrics-server.ts';
export * from './metrics/redis-latency.ts';
export * from './run-service.ts';
export * from './tracing/open-tracing.ts';
export * from './tracing/tracing-config.ts';
