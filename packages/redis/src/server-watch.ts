/**
 * Watches whether Redis is as it has to be: a master, whose settings keep what the durability mode promises, and that lets
 * this process' user do what is needed. All of that can change while a process runs: a failover, `CONFIG SET`, `ACL SETUSER`.
 *
 *   1. at the start          what is wrong is thrown, and ends the process
 *   2. on every reconnect    asked again before anything is written: it may be another server
 *   3. every two seconds     what is wrong is logged in one line when it begins, and in one when it is over; meanwhile writes that
 *                            an answer of 2xx stands for are refused (`admitWrite`)
 *
 * That Redis doesn't answer at all is the connection's to tell (`connect.ts`).
 */
import { type Logger, MisconfigurationError, RequestError } from '@holdfast/core';
import { type AccessNames, checkAccess } from './access.ts';
import { isStoreUnavailable, type Redis } from './connect.ts';
import { checkDurability, checkSettings, type DurabilityMode } from './durability.ts';
import { isNotPermitted, refusalOf, replicaRefusal } from './refusal.ts';

const EVERY_MS = 2_000;

interface ServerWatchOptions {
  redis: Redis;
  mode: DurabilityMode;
  /** What this process' keys and channels begin with. */
  names: AccessNames;
  logger: Logger;
}

export class ServerWatch {
  readonly #options: ServerWatchOptions;
  #fault: MisconfigurationError | null = null;
  /** There is a connection that nobody has looked at yet. */
  #isUnchecked = false;
  /** Counts connections: what was asked over one says nothing about the next. */
  #connections = 0;
  #looking: Promise<void> | null = null;
  #timer: NodeJS.Timeout | undefined;
  readonly #onReady = () => {
    this.#isUnchecked = true;
    this.#connections += 1;
    this.#lookQuietly();
  };

  constructor(options: ServerWatchOptions) {
    this.#options = options;
  }

  /** What is wrong; null: nothing that is known. */
  get fault(): MisconfigurationError | null {
    return this.#fault;
  }

  /**
   * Looks, then again and again until `stop`.
   * @param needsReplica a replica has to be there in mode `replica`
   * @throws MisconfigurationError what is wrong; what the connection throws
   */
  async start({ needsReplica = false } = {}): Promise<void> {
    const { redis, mode } = this.#options;
    await this.#check();
    if (needsReplica) await checkDurability(redis, mode);
    redis.on('ready', this.#onReady);
    this.#timer = setInterval(() => this.#lookQuietly(), EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#options.redis.off('ready', this.#onReady);
  }

  /** Looks now, or shares the look that is under way. Throws what the connection throws. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  /**
   * Whether a write may be made that an answer of 2xx stands for: null: yes; a promise: yes, once it resolves.
   * @throws RequestError `durability_unmet`, `store_unavailable`, where Redis isn't as it has to be
   */
  admitWrite(): Promise<void> | null {
    if (!this.#isUnchecked) {
      this.#refuseWrite();
      return null;
    }
    return this.look().then(() => this.#refuseWrite());
  }

  /**
   * A logger for what works on Redis in the background: as long as it is known why Redis fails, and has been told, its failures
   * aren't logged one by one.
   */
  quiet(logger: Logger): Logger {
    const warn = (fields: object, message: string) => {
      const { error } = fields as { error?: unknown };
      if (!isStoreUnavailable(error)) logger.warn(fields, message);
      else if (!this.#isTold()) void this.#warnUnlessTold(error, () => logger.warn(fields, message));
    };
    return {
      debug: (fields, message) => logger.debug(fields, message),
      info: (fields, message) => logger.info(fields, message),
      warn,
      error: (fields, message) => logger.error(fields, message),
    };
  }

  #isTold(): boolean {
    return this.#fault !== null || this.#options.redis.status !== 'ready';
  }

  /** What Redis says may be the first that is seen of a fault: then the look tells of it. */
  async #warnUnlessTold(error: unknown, warn: () => void): Promise<void> {
    if (error instanceof Error && error.name === 'ReplyError') await this.look().catch(() => undefined);
    if (!this.#isTold()) warn();
  }

  #refuseWrite(): void {
    const { mode } = this.#options;
    const fault = this.#fault;
    if (!fault) return;
    const again = { retryAfterMs: EVERY_MS };
    if (fault.code.startsWith('durability_')) {
      throw new RequestError(
        'durability_unmet',
        `The store of jobs is not set to keep jobs as safely as DURABILITY=${mode} promises, so none is accepted. Our log says what ` +
          'to set. Send the same again later, with the same key.',
        again,
      );
    }
    throw new RequestError(
      'store_unavailable',
      'The store of jobs takes no writes from us. Our log says why. Send the same again later, with the same key.',
      again,
    );
  }

  #lookQuietly(): void {
    // While Redis doesn't answer, nothing new is known.
    this.look().catch(() => undefined);
  }

  async #look(): Promise<void> {
    let connections: number;
    let fault: MisconfigurationError | null;
    do {
      connections = this.#connections;
      fault = await this.#check().then(
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
  async #check(): Promise<void> {
    const { redis, mode, names } = this.#options;
    try {
      // Rights first: without them the others can't be asked. All leave together; the first that is wrong is told.
      const access = checkAccess(redis, names, mode !== 'memory');
      const others = Promise.all([checkRole(redis), checkSettings(redis, mode)]);
      others.catch(() => undefined);
      await access;
      await others;
    } catch (error) {
      // That the connection itself is refused is told by whoever made it.
      throw isNotPermitted(error) ? refusalOf(error) : error;
    }
  }

  #become(fault: MisconfigurationError | null): void {
    const { logger } = this.#options;
    if (fault && fault.message !== this.#fault?.message) logger.error({ code: fault.code }, fault.message);
    if (!fault && this.#fault) logger.info({ code: this.#fault.code }, 'redis is as it has to be again');
    this.#fault = fault;
  }
}

/** @throws MisconfigurationError `redis_is_replica` */
async function checkRole(redis: Redis): Promise<void> {
  const replication = await redis.info('replication');
  if (/^role:slave\b/m.test(replication)) throw replicaRefusal();
}
