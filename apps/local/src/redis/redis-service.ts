/** Redis as `npm start` keeps it: on one port with one directory, however often it is started anew. */

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

const KEPT_LINES = 8;

/** Redis talks much when all is well, so its lines are shown only when it ends by itself with an error. */
export function redisService({ found, home, port, env, onLine, showAll }: RedisServiceOptions): Service {
  let wasUp = false;
  return {
    name: 'redis',
    async start() {
      if (!wasUp) await port.keepFree();
      const kept: string[] = [];
      const keep = (line: string) => {
        kept.push(line);
        if (kept.length > KEPT_LINES) kept.shift();
      };
      const running = await launchRedis({ found, home, port: port.number, env, onLine: showAll ? onLine : keep });
      void running.exited.then(({ code }) => {
        if (code !== null && code !== 0) kept.forEach(onLine);
      });
      return running;
    },
    async ready(running) {
      await awaitRedis(found, port.number, running);
      wasUp = true;
    },
  };
}
