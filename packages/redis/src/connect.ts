/**
 * Connections. Apps open them and hand them down. Each role has settings of its own (BullMQ's guide "Going to production"; measured:
 * with ioredis' defaults an `add` hangs for a whole outage).
 */
import { types } from 'node:util';
import { type Logger, RequestError } from '@holdfast/core';
import { Redis, type RedisOptions } from 'ioredis';
import { refusalOf } from './refusal.ts';
import { replyCodeOf } from './reply-error.ts';

export type { Redis };

/**
 * producer    for requests: fails fast, and queues nothing while Redis is away
 * worker      for jobs: waits for Redis as long as it takes
 * subscriber  only receives: waits; after 'ready', listeners subscribe again and then read what they missed
 */
export type ConnectionRole = 'producer' | 'worker' | 'subscriber';

/** How long a producer waits for a reply, in ms. After that, nobody knows whether the command was executed. */
const COMMAND_TIMEOUT_MS = 2_000;

const roleOptions: Record<ConnectionRole, Omit<RedisOptions, 'replyMapping'>> = {
  producer: { enableOfflineQueue: false, maxRetriesPerRequest: 1, commandTimeout: COMMAND_TIMEOUT_MS },
  worker: { maxRetriesPerRequest: null },
  subscriber: { maxRetriesPerRequest: null, autoResubscribe: false },
};

/**
 * Sends all commands of one turn of the event loop in one write. One write per command would cost more than everything else a
 * process does for a command (measured: 38 % of a submit, 53 % of a poll).
 */
class BatchingRedis extends Redis {
  #isCorked = false;

  override sendCommand(...args: Parameters<Redis['sendCommand']>): unknown {
    const { stream } = this;
    if (!this.#isCorked && stream?.writable) {
      this.#isCorked = true;
      stream.cork();
      setImmediate(() => {
        this.#isCorked = false;
        stream.uncork();
      });
    }
    return super.sendCommand(...args);
  }
}

/**
 * Opens a connection that reconnects forever (after 50 ms, then up to 500 ms). Outages are logged, not thrown.
 * @param logger null: the process' main connection logs the same outages
 */
export function connectRedis(url: string, role: ConnectionRole, logger: Logger | null): Redis {
  const options: Omit<RedisOptions, 'replyMapping'> = {
    ...roleOptions[role],
    connectionName: `holdfast-${role}`,
    connectTimeout: 2_000,
    keepAlive: 10_000,
    // While Redis loads its data it estimates how long that will take; it is often ready sooner.
    maxLoadingRetryTime: 500,
    retryStrategy: (times: number) => Math.min(50 * times, 500),
  };
  const redis = new BatchingRedis(url, options);
  // Without a listener ioredis would print every failed try.
  if (logger === null) redis.on('error', () => undefined);
  else logOutages(redis, role, logger);
  return redis;
}

/** Logs one line per outage and reason, and one when it is over. */
function logOutages(redis: Redis, role: ConnectionRole, logger: Logger): void {
  let wasReady = false;
  const logged = new Set<string>();
  redis.on('error', (error: NodeJS.ErrnoException) => {
    const refusal = refusalOf(error);
    const reason = refusal?.code ?? 'away';
    if (logged.has(reason)) return;
    if (!refusal) {
      logged.add(reason);
      logger.warn({ role, code: error.code ?? error.name }, 'redis is away');
    } else if (wasReady && role !== 'subscriber') {
      // At the start `untilReady` throws it. A subscriber is refused for the same reason as the other connections.
      logged.add(reason);
      logger.error({ role, code: refusal.code }, refusal.message);
    }
  });
  redis.on('ready', () => {
    wasReady = true;
    if (logged.size > 0) logger.info({ role }, 'redis is back');
    logged.clear();
  });
}

/** Opens a producer's connection, and waits until it is ready. Logs nothing. */
export async function connectForPool(url: string): Promise<Redis> {
  const redis = connectRedis(url, 'producer', null);
  try {
    await untilReady(redis, 5_000);
    return redis;
  } catch (error) {
    redis.disconnect();
    throw error;
  }
}

/**
 * Resolves when the connection is ready.
 * @throws MisconfigurationError at once, when Redis refuses it (`refusal.ts`); RequestError `store_unavailable` after `timeoutMs`
 */
export async function untilReady(redis: Redis, timeoutMs: number): Promise<void> {
  if (redis.status === 'ready') return;
  await new Promise<void>((resolve, reject) => {
    const done = (finish: () => void) => {
      clearTimeout(timer);
      redis.off('ready', onReady);
      redis.off('error', onError);
      finish();
    };
    const onReady = () => done(resolve);
    const onError = (error: Error) => {
      const refusal = refusalOf(error);
      if (refusal) done(() => reject(refusal));
    };
    const timer = setTimeout(
      () => done(() => reject(new RequestError('store_unavailable', `Redis did not answer within ${timeoutMs} ms.`))),
      timeoutMs,
    );
    redis.on('ready', onReady);
    redis.on('error', onError);
  });
}

/** Closes a connection: with QUIT while Redis answers, at once otherwise. Never throws. */
export async function disconnectRedis(redis: Redis): Promise<void> {
  if (redis.status === 'ready') {
    const bound = new Promise<void>((resolve) => setTimeout(resolve, 500).unref());
    await Promise.race([redis.quit().catch(() => undefined), bound]);
  }
  redis.disconnect();
}

/** Error replies that are over after a while. */
const passingReplies: ReadonlySet<string> = new Set([
  'OOM',
  'BUSY',
  'LOADING',
  'MASTERDOWN',
  'CLUSTERDOWN',
  'MISCONF',
  'NOREPLICAS',
  'UNBLOCKED',
]);

/**
 * Whether Redis can't be used: it did not execute the command, or the reply is lost (connection closed, timed out, loading, busy,
 * full), or it refuses this user (`refusal.ts`). False: the command itself is wrong.
 */
export function isStoreUnavailable(error: unknown): boolean {
  if (!types.isNativeError(error)) return false;
  const reply = replyCodeOf(error);
  if (reply !== null) return passingReplies.has(reply) || refusalOf(error) !== null;
  const code = (error as NodeJS.ErrnoException).code;
  return (
    error.name === 'MaxRetriesPerRequestError' ||
    error.name === 'AbortError' ||
    /^E(CONN|PIPE|TIMEDOUT|HOST|NET|AI_)/.test(code ?? '') ||
    // ioredis' own errors have no code.
    /Command timed out|Connection is closed|isn't writeable/.test(error.message)
  );
}
