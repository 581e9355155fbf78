/**
 * A script on one cell. It gets one key, which tells the server the slot; it makes the names of the other keys itself, and all
 * share the cell's hash tag. ARGV[1] is the beginning of their names; the script's own arguments follow.
 */
import { type Redis, Script, type ScriptArgument } from '@holdfast/redis';
import type { Cell } from '../cell.ts';
import { compose, type Fragment } from '../lua/fragment.ts';
import { names } from '../lua/names.ts';

interface CellScriptOptions {
  needs: readonly Fragment[];
  body: string;
  /** May write even when Redis is over its `maxmemory`: for what running jobs need, and for what frees memory. */
  whenFull?: boolean;
}

export class CellScript {
  readonly script: Script;

  constructor({ needs, body, whenFull = false }: CellScriptOptions) {
    this.script = new Script(compose([names, ...needs], body), { whenFull });
  }

  /** The script's reply as Redis gives it. Throws what the connection throws. */
  run({ redis, keys }: Pick<Cell, 'redis' | 'keys'>, args: readonly ScriptArgument[]): Promise<unknown> {
    return this.script.run(redis, [keys.open], [keys.base, ...args]);
  }

  /** Loads the script into the server, so that its text is never sent beside other commands. */
  async load(redis: Redis): Promise<void> {
    await redis.script('LOAD', this.script.lua);
  }
}
