/**
 * Connections. Apps make them and hand them down; each role has the settings that its faults ask for
 * (BullMQ's guide "Going to production", and measured: an add with ioredis' defaults hangs for a whole outage).
 */
import { types } from 'node:util';
import { type Logger, RequestError } from '@holdfast/core';
import { Redis, type RedisOptions } from 'ioredis';
import { refusalOf } from './refusal.ts';

export type { Redis };

/**
 * producer    answers requests: fails fast, never queues while Redis is away
 * worker      runs jobs: waits for Redis as long as it takes
 * subscriber  receives only: waits; whoever listens subscribes again after 'ready', then reads what it missed
 */
export type ConnectionRole = 'producer' | 'worker' | 'subscriber';

/** How long a producer waits for a reply, in ms, before it says that it doesn't know. */
const COMMAND_TIMEOUT_MS = 2_000;

const roleOptions: Record<ConnectionRole, Omit<RedisOptions, 'replyMapping'>> = {
  producer: { enableOfflineQueue: false, maxRetriesPerRequest: 1, commandTimeout: COMMAND_TIMEOUT_MS },
  worker: { maxRetriesPerRequest: null },
  subscriber: { maxRetriesPerRequest: null, autoResubscribe: false },
};

/**
 * Commands that are sent in one turn of the event loop leave in one write: a write for each would cost a process more than
 * everything else it does for a command (measured: 38 % of a submit, 53 % of a poll).
 */
class GatheringRedis extends Redis {
  #gathers = false;

  override sendCommand(...args: Parameters<Redis['sendCommand']>): unknown {
    const { stream } = this;
    if (!this.#gathers && stream?.writable) {
      this.#gathers = true;
      stream.cork();
      setImmediate(() => {
        this.#gathers = false;
        stream.uncork();
      });
    }
    return super.sendCommand(...args);
  }
}

/** Opens a connection that reconnects forever (after 50 ms, then up to 500 ms). Changes of state are logged, not thrown. */
export function connectRedis(url: string, role: ConnectionRole, logger: Logger): Redis {
  const options: Omit<RedisOptions, 'replyMapping'> = {
    ...roleOptions[role],
    connectionName: `holdfast-${role}`,
    connectTimeout: 2_000,
    keepAlive: 10_000,
    // While Redis still reads its file it says how long that may take; asked sooner, it is often ready sooner.
    maxLoadingRetryTime: 500,
    retryStrategy: (times: number) => Math.min(50 * times, 500),
  };
  const redis = new GatheringRedis(url, options);
  logOutages(redis, role, logger);
  return redis;
}

/** One line per outage and reason, and one when it is over. */
function logOutages(redis: Redis, role: ConnectionRole, logger: Logger): void {
  let wasReady = false;
  const told = new Set<string>();
  // Without a listener ioredis prints every failed try.
  redis.on('error', (error: NodeJS.ErrnoException) => {
    const refusal = refusalOf(error);
    const reason = refusal?.code ?? 'away';
    if (told.has(reason)) return;
    if (!refusal) {
      told.add(reason);
      logger.warn({ role, code: error.code ?? error.name }, 'redis is away');
    } else if (wasReady && role !== 'subscriber') {
      // At the start `untilReady` throws it. A subscriber is refused for the same reason as the connection beside it.
      told.add(reason);
      logger.error({ role, code: refusal.code }, refusal.message);
    }
  });
  redis.on('ready', () => {
    wasReady = true;
    if (told.size > 0) logger.info({ role }, 'redis is back');
    told.clear();
  });
}

/** A producer's connection that can be used. Logs nothing: its outages are those of the main connection, which does. */
export async function connectForPool(url: string): Promise<Redis> {
  const redis = connectRedis(url, 'producer', { debug() {}, info() {}, warn() {}, error() {} });
  try {
    await untilReady(redis, 5_000);
    return redis;
  } catch (error) {
    redis.disconnect();
    throw error;
  }
}

/**
 * Resolves when the connection can be used.
 * @throws MisconfigurationError when Redis refuses it (`refusal.ts`), at once; RequestError `store_unavailable` after `timeoutMs`
 */
export async function untilReady(redis: Redis, timeoutMs: number): Promise<void> {
  if (redis.status === 'ready') return;
  await new Promise<void>((resolve, reject) => {
    const done = (settle: () => void) => {
      clearTimeout(timer);
      redis.off('ready', onReady);
      redis.off('error', onError);
      settle();
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

/** Closes a connection, politely while Redis answers, at once otherwise. Never throws. */
export async function disconnectRedis(redis: Redis): Promise<void> {
  if (redis.status === 'ready') {
    const bound = new Promise<void>((resolve) => setTimeout(resolve, 500).unref());
    await Promise.race([redis.quit().catch(() => undefined), bound]);
  }
  redis.disconnect();
}

/**
 * Whether an error says "Redis did not do this, or did and the reply is lost" (connection closed, timed out, loading,
 * busy, full), or refuses whatever this user asks (`refusal.ts`), rather than "this command is wrong".
 */
export function isStoreUnavailable(error: unknown): boolean {
  if (!types.isNativeError(error)) return false;
  if (error.name === 'ReplyError') {
    const isPassing = /^(OOM|BUSY|LOADING|MASTERDOWN|CLUSTERDOWN|MISCONF|NOREPLICAS|UNBLOCKED) /.test(error.message);
    return isPassing || refusalOf(error) !== null;
  }
  const code = (error as NodeJS.ErrnoException).code;
  return (
    error.name === 'MaxRetriesPerRequestError' ||
    error.name === 'AbortError' ||
    /^E(CONN|PIPE|TIMEDOUT|HOST|NET|AI_)/.test(code ?? '') ||
    /Command timed out|Connection is closed|isn't writeable/.test(error.message)
  );
}
