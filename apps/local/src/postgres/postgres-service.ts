/** PostgreSQL as a service of `npm start`: every restart uses the same port and the same directory. */
import { keepLastLines } from '../process/last-lines.ts';
import type { ClaimedPort } from '../process/ports.ts';
import type { Service } from '../process/supervise.ts';
import { awaitPostgres, type LaunchOptions, launchPostgres } from './start-postgres.ts';

interface PostgresServiceOptions extends Omit<LaunchOptions, 'port'> {
  port: ClaimedPort;
  showAll: boolean;
}

export function postgresService({ found, home, port, env, onLine, showAll }: PostgresServiceOptions): Service {
  let wasUp = false;
  return {
    name: 'postgres',
    async start() {
      if (!wasUp) await port.keepFree();
      const lines = keepLastLines(onLine);
      const launch = { found, home, port: port.number, env, onLine: showAll ? onLine : lines.add };
      const running = await launchPostgres(launch);
      void running.exited.then(lines.showAfter);
      return running;
    },
    async ready(running) {
      await awaitPostgres(home, running);
      wasUp = true;
    },
  };
}
