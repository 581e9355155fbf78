/**
 * Writes that an answer of 2xx stands for, as durable as the mode asks.
 *
 *   fsync, memory  the write's own reply is enough
 *   replica        the write, then WAITAOF (Redis ≥ 7.2: on a replica's disk) or WAIT (in a replica's memory)
 *
 * In mode replica writes go in rounds, each on a connection of a pool:
 *
 *   1. gather   all writes that came while no connection was free; where one is free, the next write alone
 *   2. write    all of them
 *   3. confirm  one WAIT for all
 *
 * WAIT waits for what its own connection wrote, and holds that connection up: on one shared connection adds fall to 45 a
 * second at 20 ms of lag (measured). One connection per write would be used up by as many writes; with rounds any number
 * of them waits for two replies of a replica at most. That write and WAIT share a connection also keeps a failover between
 * them from being taken for a confirmation: a server that never had the write would confirm what it has.
 *
 * While Redis isn't set as the mode asks, or takes no writes, none is begun: see `server-watch.ts`.
 */
import { HoldfastError, RequestError } from '@holdfast/core';
import type { Redis } from './connect.ts';
import type { DurabilityMode } from './durability.ts';
import { durabilityKey } from './keys.ts';
import type { ServerWatch } from './server-watch.ts';

/** How long a replica may take, in ms. */
const REPLICA_MS = 800;
/** How long a write may take altogether, in ms; no request is to be answered after 2.5 s. */
const WHOLE_MS = 2_000;

/** A write that a full Redis takes too: replays and cancels are confirmed as well. */
const markLua = `#!lua flags=allow-oom
return redis.call('SET', KEYS[1], '1')`;

interface DurableWritesOptions {
  mode: DurabilityMode;
  /** For everything that waits for no replica. Has the role `producer`. */
  redis: Redis;
  prefix: string;
  /** Says whether Redis is set as the mode asks. Default: whoever writes has seen to it. */
  watch?: Pick<ServerWatch, 'admitWrite'>;
  /** Opens one connection more, with the role `producer`, and resolves when it can be used. */
  connect: () => Promise<Redis>;
  /** Connections in mode `replica`, that is rounds at once. Default 8. */
  poolSize?: number;
}

/** A connection of the pool. */
interface Line {
  redis: Redis;
  /** How often it was lost. What was written before says nothing about the server it leads to afterwards. */
  losses: number;
}

interface PendingWrite {
  write: (redis: Redis) => Promise<unknown>;
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
}

export class DurableWrites {
  readonly #options: DurableWritesOptions & { poolSize: number };
  readonly #lines: Line[] = [];
  readonly #idle: Line[] = [];
  #waiting: PendingWrite[] = [];
  #waitsForDisk = false;

  constructor(options: DurableWritesOptions) {
    this.#options = { poolSize: 8, ...options };
  }

  /** Finds out what the server can do, and opens the pool. Call once, before the first write. */
  async prepare(): Promise<void> {
    const { mode, redis, poolSize, connect } = this.#options;
    if (mode !== 'replica') return;
    this.#waitsForDisk = hasWaitAof(await redis.info('server'));
    const pool = await Promise.all(Array.from({ length: poolSize }, connect));
    for (const connection of pool) {
      const line: Line = { redis: connection, losses: 0 };
      connection.on('close', () => {
        line.losses += 1;
      });
      this.#lines.push(line);
      this.#idle.push(line);
    }
  }

  /**
   * Runs `write` on a connection, and resolves with its result once that is as durable as the mode asks.
   * @throws what `write` throws; RequestError `durability_unmet`, within 2 s, when no replica has confirmed: the write
   *   may have happened; at once what `admitWrite` throws: then it has not
   */
  async run<Result>(write: (redis: Redis) => Promise<Result>): Promise<Result> {
    // Nothing is waited for where nothing has to be: callers send more right behind the write.
    const admitting = this.#options.watch?.admitWrite();
    if (admitting) await admitting;
    if (this.#options.mode !== 'replica') return write(this.#options.redis);
    return new Promise<Result>((resolve, reject) => {
      const pending: PendingWrite = {
        write,
        resolve: (value) => {
          clearTimeout(timer);
          resolve(value as Result);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      };
      const timer = setTimeout(() => {
        // What hasn't begun by then isn't begun any more.
        this.#waiting = this.#waiting.filter((other) => other !== pending);
        reject(unmet());
      }, WHOLE_MS);
      this.#waiting.push(pending);
      this.#begin();
    });
  }

  close(): void {
    for (const { redis } of this.#lines) redis.disconnect();
  }

  /** Begins a round, if there is something to write and a connection for it. */
  #begin(): void {
    if (this.#waiting.length === 0) return;
    // One that is away fails its writes at once, which is right only if all are.
    const at = this.#idle.findIndex(({ redis }) => redis.status === 'ready');
    const [line] = this.#idle.splice(Math.max(at, 0), 1);
    if (!line) return;
    const writes = this.#waiting;
    this.#waiting = [];
    void this.#round(line, writes).finally(() => {
      this.#idle.push(line);
      this.#begin();
    });
  }

  async #round(line: Line, writes: PendingWrite[]): Promise<void> {
    const { losses } = line;
    const written = await Promise.allSettled(writes.map(async ({ write }) => write(line.redis)));
    const someWritten = written.some(({ status }) => status === 'fulfilled');
    const failure = someWritten ? await this.#confirm(line, losses) : null;
    for (const [nth, { resolve, reject }] of writes.entries()) {
      const outcome = written[nth];
      if (outcome?.status === 'rejected') reject(outcome.reason);
      else if (failure) reject(failure);
      else resolve(outcome?.value);
    }
  }

  /** null, or why a replica isn't known to have what was written on the connection. Never throws. */
  async #confirm(line: Line, lossesBefore: number): Promise<RequestError | null> {
    const { redis } = line;
    try {
      // A replayed submit writes nothing, and WAIT speaks of writes alone (7.0 counts reads too, but doesn't promise it).
      // This write comes after all that the server has written so far: a replica that has it has the replayed job too.
      const mark = redis.eval(markLua, 1, durabilityKey(this.#options.prefix));
      const reply = this.#waitsForDisk ? redis.call('WAITAOF', 1, 1, REPLICA_MS) : redis.call('WAIT', 1, REPLICA_MS);
      const [, confirmed] = await Promise.all([mark, reply]);
      // WAITAOF: [this server, replicas]; WAIT: replicas.
      const confirmations = Array.isArray(confirmed) ? confirmed.map(Number) : [Number(confirmed)];
      const met = confirmations.every((count) => count >= 1);
      return met && line.losses === lossesBefore ? null : unmet();
    } catch (cause) {
      return unmet({ cause });
    }
  }
}

function unmet(why: { cause?: unknown } = {}): RequestError {
  return new RequestError(
    'durability_unmet',
    'No replica has confirmed this in time. It may have been accepted: send the same again, with the same key.',
    { retryAfterMs: 1_000, ...why },
  );
}

/** From the text of INFO server. */
function hasWaitAof(server: string): boolean {
  const [, major = '', minor = ''] = /^redis_version:(\d+)\.(\d+)/m.exec(server) ?? [];
  if (major === '') throw new HoldfastError('durability_unknown', 'This Redis does not say its version.');
  return Number(major) > 7 || (Number(major) === 7 && Number(minor) >= 2);
}
