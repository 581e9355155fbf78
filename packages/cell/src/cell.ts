/**
 * Cells: what changes together lives together. A cell holds whole tenants: their jobs, limits, budgets and queues share one
 * hash tag, so that each step of a job's life is one script.
 */
import type { AccessNames, Redis } from '@holdfast/redis';
import { CellKeys, globalBase } from './keys.ts';

export interface CellOptions {
  redis: Redis;
  prefix: string;
  /** Name of the cell. Default: the only one there is today. */
  name?: string;
  /** How long a job is stored after its end, in ms. */
  retentionMs: number;
}

/** There is one cell today. No other code may assume that. */
const ONLY_CELL = '0';

export const cellNames: readonly string[] = [ONLY_CELL];

/** The cell that a tenant lives in. Only this function knows it. */
export function cellOf(_tenant: string): string {
  return ONLY_CELL;
}

/** The beginnings of all keys and channels of this prefix. The user of REDIS_URL needs access to all of them. */
export function accessNames(prefix: string): AccessNames {
  const cells = cellNames.map((name) => new CellKeys(prefix, name).base);
  return { keys: [globalBase(prefix), ...cells], channels: cells };
}

/** A cell, reached over one connection. */
export class Cell {
  readonly redis: Redis;
  readonly prefix: string;
  readonly name: string;
  readonly retentionMs: number;
  readonly keys: CellKeys;

  constructor({ redis, prefix, name = ONLY_CELL, retentionMs }: CellOptions) {
    this.redis = redis;
    this.prefix = prefix;
    this.name = name;
    this.retentionMs = retentionMs;
    this.keys = new CellKeys(prefix, name);
  }

  /** The same cell over another connection. */
  over(redis: Redis): Cell {
    return new Cell({ redis, prefix: this.prefix, name: this.name, retentionMs: this.retentionMs });
  }
}

/** What a process has opened for each cell, found by tenant. */
export class Cells<Made> {
  readonly #made: ReadonlyMap<string, Made>;

  constructor(make: (name: string) => Made) {
    this.#made = new Map(cellNames.map((name) => [name, make(name)]));
  }

  of(tenant: string): Made {
    const made = this.#made.get(cellOf(tenant));
    if (made === undefined) throw new Error(`there is no cell ${cellOf(tenant)}`);
    return made;
  }

  get all(): Made[] {
    return [...this.#made.values()];
  }
}
