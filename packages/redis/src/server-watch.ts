/**
 * Watches whether Redis is set up correctly: a master, with the settings that the durability mode needs, and the rights that this
 * process' user needs. All of that can change while a process runs: a failover, `CONFIG SET`, `ACL SETUSER`.
 *
 *   1. at the start          a fault is thrown, and ends the process
 *   2. on every reconnect    checked again before any write, because it may be another server
 *   3. every two seconds     a fault is logged once when it begins and once when it is over. Meanwhile writes that an answer of 2xx
 *                            promises are refused (`admitWrite`)
 *
 * If Redis doesn't answer at all, the connection logs it (`connect.ts`).
 */
import { type Logger, MisconfigurationError, RequestError } from '@holdfast/core';
import { type AccessNames, checkAccess } from './access.ts';
import { isStoreUnavailable, type Redis } from './connect.ts';
import { checkDurability, checkSettings, type DurabilityMode } from './durability.ts';
import { isNotPermitted, refusalOf, replicaRefusal } from './refusal.ts';
import { replyCodeOf } from './reply-error.ts';

const EVERY_MS = 2_000;

interface ServerWatchOptions {
  redis: Redis;
  mode: DurabilityMode;
  /** The beginnings of this process' keys and channels. */
  names: AccessNames;
  logger: Logger;
}

export class ServerWatch {
  readonly #options: ServerWatchOptions;
  #fault: MisconfigurationError | null = null;
  /** The connection is new, and was not checked yet. */
  #isUnchecked = false;
  /** Counts connections: a check of one says nothing about the next. */
  #connections = 0;
  #checking: Promise<void> | null = null;
  #timer: NodeJS.Timeout | undefined;
  readonly #onReady = () => {
    this.#isUnchecked = true;
    this.#connections += 1;
    this.#checkQuietly();
  };

  constructor(options: ServerWatchOptions) {
    this.#options = options;
  }

  /** What is wrong; null: nothing known. */
  get fault(): MisconfigurationError | null {
    return this.#fault;
  }

  /**
   * Checks now, then every two seconds until `stop`.
   * @param needsReplica in mode `replica`, a replica has to be connected now
   * @param startsAnyway settings that the mode doesn't allow are logged, and refuse writes until they are changed
   * @throws MisconfigurationError what is wrong; what the connection throws
   */
  async start({ needsReplica = false, startsAnyway = false } = {}): Promise<void> {
    const { redis, mode } = this.#options;
    await this.#throwFault().catch((error: unknown) => {
      if (!startsAnyway || !lacksDurability(error)) throw error;
      this.#become(error);
    });
    if (needsReplica) await checkDurability(redis, mode);
    redis.on('ready', this.#onReady);
    this.#timer = setInterval(() => this.#checkQuietly(), EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#options.redis.off('ready', this.#onReady);
  }

  /** Checks now, or shares the check that is under way. Throws what the connection throws. */
  check(): Promise<void> {
    this.#checking ??= this.#check().finally(() => {
      this.#checking = null;
    });
    return this.#checking;
  }

  /**
   * Admits a write that an answer of 2xx promises. null: at once; a promise: once it resolves.
   * @throws RequestError `durability_unmet`, `store_unavailable`, where Redis isn't set up correctly
   */
  admitWrite(): Promise<void> | null {
    if (!this.#isUnchecked) {
      this.#refuseWrite();
      return null;
    }
    return this.check().then(() => this.#refuseWrite());
  }

  /**
   * A logger for background work on Redis. Once the log says why Redis fails, further failures of Redis are not logged one by
   * one.
   */
  quiet(logger: Logger): Logger {
    const warn = (fields: object, message: string) => {
      const { error } = fields as { error?: unknown };
      if (!isStoreUnavailable(error)) logger.warn(fields, message);
      else if (!this.#isLogged()) void this.#warnUnlessLogged(error, () => logger.warn(fields, message));
    };
    return {
      debug: (fields, message) => logger.debug(fields, message),
      info: (fields, message) => logger.info(fields, message),
      warn,
      error: (fields, message) => logger.error(fields, message),
    };
  }

  #isLogged(): boolean {
    return this.#fault !== null || this.#options.redis.status !== 'ready';
  }

  /** An error reply may be the first sign of a fault: then the check logs the fault. */
  async #warnUnlessLogged(error: unknown, warn: () => void): Promise<void> {
    if (replyCodeOf(error) !== null) await this.check().catch(() => undefined);
    if (!this.#isLogged()) warn();
  }

  #refuseWrite(): void {
    const { mode } = this.#options;
    const fault = this.#fault;
    if (!fault) return;
    const retry = { retryAfterMs: EVERY_MS };
    if (lacksDurability(fault)) {
      throw new RequestError(
        'durability_unmet',
        `The job store is not set up as DURABILITY=${mode} demands, so no job is accepted. The log of this process says what to ` +
          'change. Send the same request again later, with the same Idempotency-Key.',
        retry,
      );
    }
    throw new RequestError(
      'store_unavailable',
      'The job store refuses writes; the log of this process says why. Send the same request again later, with the same Idempotency-Key.',
      retry,
    );
  }

  #checkQuietly(): void {
    // While Redis doesn't answer, nothing new is known.
    this.check().catch(() => undefined);
  }

  async #check(): Promise<void> {
    let connections: number;
    let fault: MisconfigurationError | null;
    do {
      connections = this.#connections;
      fault = await this.#throwFault().then(
        () => null,
        (error: unknown) => {
          if (error instanceof MisconfigurationError) return error;
          throw error;
        },
      );
    } while (connections !== this.#connections);
    this.#isUnchecked = false;
    this.#become(fault);
  }

  /** @throws MisconfigurationError */
  async #throwFault(): Promise<void> {
    const { redis, mode, names } = this.#options;
    try {
      // All are sent together, and the first fault is thrown. Rights come first: without them the others can't be checked.
      const access = checkAccess(redis, names, mode !== 'memory');
      const others = Promise.all([checkRole(redis), checkSettings(redis, mode)]);
      others.catch(() => undefined);
      await access;
      await others;
    } catch (error) {
      // A refusal of the connection itself is logged in `connect.ts`.
      throw isNotPermitted(error) ? refusalOf(error) : error;
    }
  }

  #become(fault: MisconfigurationError | null): void {
    const { logger } = this.#options;
    if (fault && fault.message !== this.#fault?.message) logger.error({ code: fault.code }, fault.message);
    if (!fault && this.#fault) logger.info({ code: this.#fault.code }, 'redis is set up correctly again');
    this.#fault = fault;
  }
}

function lacksDurability(error: unknown): error is MisconfigurationError {
  return error instanceof MisconfigurationError && error.code.startsWith('durability_');
}

/** @throws MisconfigurationError `redis_is_replica` */
async function checkRole(redis: Redis): Promise<void> {
  const replication = await redis.info('replication');
  if (/^role:slave\b/m.test(replication)) throw replicaRefusal();
}
