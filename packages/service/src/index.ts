/** What every process needs: settings, log, start and stop, metrics, and the base of its HTTP server. */

export * from './config/config-file.ts';
export * from './config/metrics-settings.ts';
export { isLoopback, readBinding } from './config/safe-binding.ts';
export * from './config/settings.ts';
export * from './config/unknown-settings.ts';
export * from './http/event-cursor.ts';
export * from './http/json-body.ts';
export { OpenStreams } from './http/open-streams.ts';
export * from './http/problem.ts';
export type { OnRequestEnd } from './http/request-log.ts';
export * from './http/server.ts';
export * from './http/sse-sink.ts';
export { untilGone } from './http/until-gone.ts';
export * from './logger.ts';
export * from './metrics/depth-metrics.ts';
export * from './metrics/ended-jobs.ts';
export * from './metrics/metrics.ts';
export * from './metrics/metrics-server.ts';
export * from './metrics/redis-latency.ts';
export * from './run-service.ts';
export * from './tracing/open-tracing.ts';
export * from './tracing/tracing-config.ts';
