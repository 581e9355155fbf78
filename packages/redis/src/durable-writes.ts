/**
 * Writes that an answer of 2xx promises, as durable as the mode demands.
 *
 *   fsync, memory  the write's own reply is enough
 *   replica        the write, then WAITAOF (Redis ≥ 7.2: on a replica's disk) or WAIT (in a replica's memory)
 *
 * In mode replica writes are sent in rounds, each on a connection of a pool:
 *
 *   1. gather   all writes that arrived while no connection was free; where one is free, the next write alone
 *   2. write    all of them
 *   3. confirm  one WAIT for all of them
 *
 * WAIT waits for the writes of its own connection, and blocks that connection: with one shared connection and 20 ms of lag, only 45
 * writes a second are possible (measured). With one connection per write, a burst would use up all connections. With rounds, any
 * number of writes waits for at most two replies of a replica. Write and WAIT share a connection for another reason too: after a
 * failover between them, a server that never had the write would confirm only what it has.
 *
 * No write begins while Redis isn't set up as the mode demands, or takes no writes: see `server-watch.ts`.
 */
import { CodedError, RequestError } from '@holdfast/core';
import type { Redis } from './connect.ts';
import type { DurabilityMode } from './durability.ts';
import { durabilityKey } from './keys.ts';
import type { ServerWatch } from './server-watch.ts';

/** How long a replica may take, in ms. */
const REPLICA_MS = 800;
/** How long a write may take in total, in ms: every request has to be answered within 2.5 s. */
const WRITE_MS = 2_000;

/** A write that is allowed in a full Redis too, because replays and cancels have to be confirmed as well. */
const markLua = `#!lua flags=allow-oom
return redis.call('SET', KEYS[1], '1')`;

interface DurableWritesOptions {
  mode: DurabilityMode;
  /** For the modes without a replica. A connection with the role `producer`. */
  redis: Redis;
  prefix: string;
  /** Checks that Redis is set up as the mode demands. Default: not checked. */
  watch?: Pick<ServerWatch, 'admitWrite'>;
  /** Opens another connection with the role `producer`, and resolves when it is ready. */
  connect: () => Promise<Redis>;
  /** The number of connections in mode `replica`, and so of rounds at once. Default 8. */
  poolSize?: number;
}

/** A connection of the pool. */
interface PooledConnection {
  redis: Redis;
  /** How often it was lost. After that it may lead to another server, which may not have the earlier writes. */
  disconnects: number;
}

interface PendingWrite {
  write: (redis: Redis) => Promise<unknown>;
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
}

export class DurableWrites {
  readonly #options: DurableWritesOptions & { poolSize: number };
  readonly #pool: PooledConnection[] = [];
  readonly #idle: PooledConnection[] = [];
  #waiting: PendingWrite[] = [];
  #waitsForDisk = false;

  constructor(options: DurableWritesOptions) {
    this.#options = { poolSize: 8, ...options };
  }

  /** Finds out what the server supports, and opens the pool. Call it once, before the first write. */
  async prepare(): Promise<void> {
    const { mode, redis, poolSize, connect } = this.#options;
    if (mode !== 'replica') return;
    this.#waitsForDisk = hasWaitAof(await redis.info('server'));
    const connections = await Promise.all(Array.from({ length: poolSize }, connect));
    for (const connection of connections) {
      const pooled: PooledConnection = { redis: connection, disconnects: 0 };
      connection.on('close', () => {
        pooled.disconnects += 1;
      });
      this.#pool.push(pooled);
      this.#idle.push(pooled);
    }
  }

  /**
   * Runs `write` on a connection, and resolves with its result once it is as durable as the mode demands.
   * @throws what `write` throws; RequestError `durability_unmet` within 2 s, when no replica has confirmed it: the write may have
   *   happened; what `admitWrite` throws, at once: the write has not happened
   */
  async run<Result>(write: (redis: Redis) => Promise<Result>): Promise<Result> {
    // Without an await, unless it is necessary: callers send more commands right behind the write.
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
        // It must not begin any more.
        this.#waiting = this.#waiting.filter((other) => other !== pending);
        reject(unmet());
      }, WRITE_MS);
      this.#waiting.push(pending);
      this.#begin();
    });
  }

  close(): void {
    for (const { redis } of this.#pool) redis.disconnect();
  }

  /** Begins a round, if there is something to write and a connection for it. */
  #begin(): void {
    if (this.#waiting.length === 0) return;
    // A lost connection fails its writes at once, which is right only if all connections are lost.
    const at = this.#idle.findIndex(({ redis }) => redis.status === 'ready');
    const [connection] = this.#idle.splice(Math.max(at, 0), 1);
    if (!connection) return;
    const writes = this.#waiting;
    this.#waiting = [];
    void this.#round(connection, writes).finally(() => {
      this.#idle.push(connection);
      this.#begin();
    });
  }

  async #round(connection: PooledConnection, writes: PendingWrite[]): Promise<void> {
    const { disconnects } = connection;
    const written = await Promise.allSettled(writes.map(async ({ write }) => write(connection.redis)));
    const someWritten = written.some(({ status }) => status === 'fulfilled');
    const failure = someWritten ? await this.#confirm(connection, disconnects) : null;
    for (const [nth, { resolve, reject }] of writes.entries()) {
      const outcome = written[nth];
      if (outcome?.status === 'rejected') reject(outcome.reason);
      else if (failure) reject(failure);
      else resolve(outcome?.value);
    }
  }

  /** null: a replica has what was written on the connection; otherwise why that isn't known. Never throws. */
  async #confirm(connection: PooledConnection, disconnectsBefore: number): Promise<RequestError | null> {
    const { redis } = connection;
    try {
      // A replayed submit writes nothing, and WAIT only counts writes (7.0 counts reads too, but doesn't promise it).
      // This write comes after all earlier writes of the server: a replica that has it also has the replayed job.
      const mark = redis.eval(markLua, 1, durabilityKey(this.#options.prefix));
      const reply = this.#waitsForDisk ? redis.call('WAITAOF', 1, 1, REPLICA_MS) : redis.call('WAIT', 1, REPLICA_MS);
      const [, confirmed] = await Promise.all([mark, reply]);
      // WAITAOF: [this server, replicas]; WAIT: replicas.
      const confirmations = Array.isArray(confirmed) ? confirmed.map(Number) : [Number(confirmed)];
      const met = confirmations.every((count) => count >= 1);
      return met && connection.disconnects === disconnectsBefore ? null : unmet();
    } catch (cause) {
      return unmet({ cause });
    }
  }
}

function unmet(options: { cause?: unknown } = {}): RequestError {
  return new RequestError(
    'durability_unmet',
    'No replica has confirmed this in time. It may have been accepted: send the same request again, with the same Idempotency-Key.',
    { retryAfterMs: 1_000, ...options },
  );
}

/** Whether the server has WAITAOF, by the text of INFO server. */
function hasWaitAof(server: string): boolean {
  const [, major = '', minor = ''] = /^redis_version:(\d+)\.(\d+)/m.exec(server) ?? [];
  if (major === '')
    throw new CodedError('durability_unknown', 'INFO of this Redis does not contain its version (redis_version).');
  return Number(major) > 7 || (Number(major) === 7 && Number(minor) >= 2);
}
