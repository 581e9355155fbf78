/** Redis as a service of `npm start`: every restart uses the same port and the same directory. */

import { keepLastLines } from '../process/last-lines.ts';
import type { ClaimedPort } from '../process/ports.ts';
import type { ProgramHome } from '../process/program-home.ts';
import type { Service } from '../process/supervise.ts';
import type { FoundRedis } from './find-redis.ts';
import { awaitRedis, launchRedis } from './start-redis.ts';

interface RedisServiceOptions {
  found: FoundRedis;
  home: ProgramHome;
  port: ClaimedPort;
  env: NodeJS.ProcessEnv;
  onLine: (line: string) => void;
  showAll: boolean;
}

export function redisService({ found, home, port, env, onLine, showAll }: RedisServiceOptions): Service {
  let wasUp = false;
  return {
    name: 'redis',
    async start() {
      if (!wasUp) await port.keepFree();
      const lines = keepLastLines(onLine);
      const running = await launchRedis({ found, home, port: port.number, env, onLine: showAll ? onLine : lines.add });
      void running.exited.then(lines.showAfter);
      return running;
    },
    async ready(running) {
      await awaitRedis(found, port.number, running);
      wasUp = true;
    },
  };
}
