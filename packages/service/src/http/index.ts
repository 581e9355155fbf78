/** The base of an HTTP server. Apart from the rest of the package: a worker serves none, and doesn't load Express. */

export * from './event-cursor.ts';
export * from './json-body.ts';
export { OpenStreams } from './open-streams.ts';
export * from './problem.ts';
export type { OnRequestEnd } from './request-log.ts';
export * from './server.ts';
export * from './sse-sink.ts';
export { untilGone } from './until-gone.ts';
