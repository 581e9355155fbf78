/**
 * A script on one cell. It is given one key, for the server to know the slot, and finds the others by their names: all share
 * the cell's hash tag. ARGV[1] is what their names begin with; the script's own arguments follow.
 */
import { type Redis, Script, type ScriptArgument } from '@holdfast/redis';
import type { Cell } from '../cell.ts';
import { compose, type Fragment } from '../lua/fragment.ts';
import { names } from '../lua/names.ts';

interface CellScriptOptions {
  needs: readonly Fragment[];
  body: string;
  /** May write although Redis is over its `maxmemory`: for what jobs under way need, and what makes room. */
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

  /** Makes the server know the script, so that it is never sent whole beside other commands. */
  async load(redis: Redis): Promise<void> {
    await redis.script('LOAD', this.script.lua);
  }
}
