/**
 * Slows a lane down by what its provider says of its rate limits, before the provider refuses a call. Of a lane with several
 * providers, only the first one's limits are the lane's.
 *
 * Only a narrow headroom is passed on, one update at a time per lane and process: what comes meanwhile is summed up for the
 * next. So a lane with plenty of headroom costs nothing, and a narrow one a round trip that nobody waits for. Where that fails,
 * the provider refuses, and its Retry-After does the same later.
 */
import type { CallLimits, Logger, RateLimitHeadroom } from '@holdfast/core';

/** With more calls left than this nothing is done. Other workers have some under way that the provider hasn't counted. */
const FEW_REQUESTS = 100;
const FEW_TOKENS = 100_000;

export class AdaptiveRateLimit {
  readonly #callLimits: CallLimits;
  readonly #logger: Logger;
  /** Lanes whose update is under way, and the next one. */
  readonly #next = new Map<string, RateLimitHeadroom | null>();

  constructor({ callLimits, logger }: { callLimits: CallLimits; logger: Logger }) {
    this.#callLimits = callLimits;
    this.#logger = logger;
  }

  /** Returns at once; never throws. */
  learn(lane: string, room: RateLimitHeadroom): void {
    if (!isNarrow(room)) return;
    const waiting = this.#next.get(lane);
    if (waiting === undefined) void this.#update(lane, room);
    else this.#next.set(lane, waiting ? narrower(waiting, room) : room);
  }

  async #update(lane: string, room: RateLimitHeadroom): Promise<void> {
    let said: RateLimitHeadroom | null = room;
    while (said) {
      this.#next.set(lane, null);
      try {
        await this.#callLimits.slowDown(lane, said);
      } catch (error) {
        this.#logger.warn({ lane, error }, 'lane not slowed down');
      }
      said = this.#next.get(lane) ?? null;
    }
    this.#next.delete(lane);
  }
}

function isNarrow({ requestsLeft, tokensLeft, resetMs, retryAfterMs }: RateLimitHeadroom): boolean {
  if (retryAfterMs !== undefined) return true;
  const few = (requestsLeft ?? FEW_REQUESTS) < FEW_REQUESTS || (tokensLeft ?? FEW_TOKENS) < FEW_TOKENS;
  return few && resetMs !== undefined;
}

function narrower(one: RateLimitHeadroom, other: RateLimitHeadroom): RateLimitHeadroom {
  const pick = (name: keyof RateLimitHeadroom, of: (...values: number[]) => number) => {
    const said = [one[name], other[name]].filter((value) => value !== undefined);
    return said.length === 0 ? {} : { [name]: of(...said) };
  };
  return {
    ...pick('requestsLeft', Math.min),
    ...pick('tokensLeft', Math.min),
    ...pick('resetMs', Math.max),
    ...pick('retryAfterMs', Math.max),
  };
}
