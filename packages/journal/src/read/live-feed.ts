/**
 * Passes published messages to the listeners in this process: one Redis connection, one subscription per channel for any number of
 * listeners, and one Buffer for all of them.
 *
 * Redis doesn't repeat messages that it published while a connection was away. So after a reconnect it subscribes again first, and then
 * tells every listener that it may have missed messages. In the other order a terminal event could be lost in between.
 */
import { RequestError } from '@holdfast/core';
import type { Redis } from '@holdfast/redis';

export interface Listener {
  /** A message, in the order of publication. Must not throw. */
  onMessage(message: Buffer): void;
  /** Messages may have been missed. */
  onGap(): void;
}

export class LiveFeed {
  readonly #subscriber: Redis;
  readonly #listeners = new Map<string, Set<Listener>>();

  /** @param subscriber a connection with the role `subscriber`, for this feed only */
  constructor(subscriber: Redis) {
    this.#subscriber = subscriber;
    subscriber.on('messageBuffer', (channel: Buffer, message: Buffer) => {
      const listeners = this.#listeners.get(channel.toString());
      for (const listener of listeners ?? []) listener.onMessage(message);
      // The last listener left while Redis was away, and the subscription was made afterwards.
      if (!listeners) subscriber.unsubscribe(channel).catch(() => undefined);
    });
    subscriber.on('ready', () => void this.#subscribeAgain());
  }

  /**
   * Resolves once every later message reaches the listener.
   * @returns the end of the subscription
   * @throws RequestError `store_unavailable` when Redis doesn't answer within 2 s
   */
  async subscribe(channel: string, listener: Listener): Promise<() => void> {
    const listeners = this.#listeners.get(channel) ?? new Set();
    this.#listeners.set(channel, listeners.add(listener));
    try {
      // Also where others listen already: their request may still be under way. Redis answers in order.
      await this.#within(this.#subscriber.subscribe(channel), 2_000);
    } catch (error) {
      this.#remove(channel, listener);
      throw error;
    }
    return () => this.#remove(channel, listener);
  }

  #remove(channel: string, listener: Listener): void {
    const listeners = this.#listeners.get(channel);
    if (!listeners?.delete(listener) || listeners.size > 0) return;
    this.#listeners.delete(channel);
    // A lost connection has no subscriptions to end.
    if (this.#subscriber.status === 'ready') this.#subscriber.unsubscribe(channel).catch(() => undefined);
  }

  async #subscribeAgain(): Promise<void> {
    const channels = [...this.#listeners.keys()];
    if (channels.length === 0) return;
    try {
      await this.#subscriber.subscribe(...channels);
    } catch {
      return; // Lost again: the next 'ready' calls this again.
    }
    for (const channel of channels) for (const listener of this.#listeners.get(channel) ?? []) listener.onGap();
  }

  async #within<Value>(promise: Promise<Value>, ms: number): Promise<Value> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const error = new RequestError(
        'store_unavailable',
        'The job store is not reachable. Send the same request again.',
        {
          retryAfterMs: 1_000,
        },
      );
      timer = setTimeout(() => reject(error), ms);
    });
    try {
      return await Promise.race([promise, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** A message of a job's live channel: events `first` to `last`; `ended`: the last one ended the job. */
export interface LiveEvents {
  first: number;
  last: number;
  ended: boolean;
  bytes: Buffer;
}

export function parseLiveEvents(message: Buffer): LiveEvents {
  const lineEnd = message.indexOf(10);
  const [first, last, ended] = message.toString('latin1', 0, lineEnd).split(' ');
  return { first: Number(first), last: Number(last), ended: ended === '1', bytes: message.subarray(lineEnd + 1) };
}
