/** Lua scripts. They are sent by their digest, and whole only where the server doesn't know them, as after a restart. */
import { createHash } from 'node:crypto';
import type { Redis } from './connect.ts';
import { replyCodeOf } from './reply-error.ts';

export type ScriptArgument = string | number | Buffer;

export interface ScriptOptions {
  /** May write even when Redis is over its `maxmemory`: for what frees memory by ending jobs. Needs Redis 7. */
  whenFull?: boolean;
}

export class Script {
  readonly lua: string;
  readonly sha: string;

  constructor(lua: string, { whenFull = false }: ScriptOptions = {}) {
    // With a line of flags, a full Redis refuses the script before it begins, not at its first write.
    this.lua = `#!lua${whenFull ? ' flags=allow-oom' : ''}\n${lua}`;
    this.sha = createHash('sha1').update(this.lua).digest('hex');
  }

  /** Runs the script. @returns its reply as Redis gives it. Throws what the connection throws. */
  async run(redis: Redis, keys: readonly string[], args: readonly ScriptArgument[]): Promise<unknown> {
    try {
      return await redis.evalsha(this.sha, keys.length, ...keys, ...args);
    } catch (error) {
      if (replyCodeOf(error) !== 'NOSCRIPT') throw error;
      return redis.eval(this.lua, keys.length, ...keys, ...args);
    }
  }
}
