/** Lua scripts: sent by digest, and whole only where the server doesn't know them (a restart forgets them). */
import { createHash } from 'node:crypto';
import type { Redis } from './connect.ts';

export type ScriptArgument = string | number | Buffer;

export interface ScriptOptions {
  /** May write although Redis is over its `maxmemory`: for what ends jobs, and so makes room. Needs Redis 7. */
  whenFull?: boolean;
}

export class Script {
  readonly lua: string;
  readonly sha: string;

  constructor(lua: string, { whenFull = false }: ScriptOptions = {}) {
    // With flags, a full Redis refuses a script before it has done anything, not at its first write.
    this.lua = `#!lua${whenFull ? ' flags=allow-oom' : ''}\n${lua}`;
    this.sha = createHash('sha1').update(this.lua).digest('hex');
  }

  /** Runs the script; its reply as Redis gives it. Throws what the connection throws. */
  async run(redis: Redis, keys: readonly string[], args: readonly ScriptArgument[]): Promise<unknown> {
    try {
      return await redis.evalsha(this.sha, keys.length, ...keys, ...args);
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
      return redis.eval(this.lua, keys.length, ...keys, ...args);
    }
  }
}
