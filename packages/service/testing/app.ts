/** A server with some routes and a log that can be read, and waiting with a deadline. For tests. */
import { Writable } from 'node:stream';
import { type Logger, pino } from 'pino';
import { createServerApp, listen, type RunningServer, type ServerAppOptions } from '../src/http/server.ts';

export { until } from '../../core/testing/until.ts';

export interface TestApp extends RunningServer {
  /** The lines logged so far. */
  lines: { level: number; req?: unknown; res?: unknown; err?: unknown; responseTime?: number }[];
}

/** Listens on a free port of loopback. */
export async function startTestApp(options: Omit<ServerAppOptions, 'logger'>): Promise<TestApp> {
  const lines: TestApp['lines'] = [];
  const destination = new Writable({
    write(line: Buffer, _encoding, done) {
      lines.push(JSON.parse(line.toString()) as TestApp['lines'][number]);
      done();
    },
  });
  const logger: Logger = pino({ level: 'debug' }, destination);
  const running = await listen(createServerApp({ ...options, logger }), { host: '127.0.0.1', port: 0 });
  return { ...running, lines };
}
