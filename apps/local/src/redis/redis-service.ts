/** Redis as a service of `npm start`: every restart uses the same port and the same directory. */

import type { ClaimedPort } from '../process/ports.ts';
import type { Service } from '../process/supervise.ts';
import type { FoundRedis } from './find-redis.ts';
import type { RedisHome } from './redis-home.ts';
import { awaitRedis, launchRedis } from './start-redis.ts';

interface RedisServiceOptions {
  found: FoundRedis;
  home: RedisHome;
  port: ClaimedPort;
  env: NodeJS.ProcessEnv;
  onLine: (line: string) => void;
  showAll: boolean;
}

const LAST_LINES = 8;

/** Redis logs much when all is well, so its last lines are shown only when it ends by itself with an error. */
export function redisService({ found, home, port, env, onLine, showAll }: RedisServiceOptions): Service {
  let wasUp = false;
  return {
    name: 'redis',
    async start() {
      if (!wasUp) await port.keepFree();
      const lastLines: string[] = [];
      const remember = (line: string) => {
        lastLines.push(line);
        if (lastLines.length > LAST_LINES) lastLines.shift();
      };
      const running = await launchRedis({ found, home, port: port.number, env, onLine: showAll ? onLine : remember });
      void running.exited.then(({ code }) => {
        if (code !== null && code !== 0) lastLines.forEach(onLine);
      });
      return running;
    },
    async ready(running) {
      await awaitRedis(found, port.number, running);
      wasUp = true;
    },
  };
}
