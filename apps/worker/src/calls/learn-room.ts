/**
 * What a provider says of its limits slows its lane down before it is refused. Of a lane with several providers only the
 * first one's limits are the lane's.
 *
 * It is passed on only where little is left, and one word at a time per lane and process: what comes meanwhile is summed
 * up for the next. So a lane with plenty of room costs nothing, and a narrow one a round trip that nobody waits for. Where
 * it fails, the provider refuses, and its Retry-After does the same later.
 */
import type { CallLimits, Logger, ProviderRoom } from '@holdfast/core';

/** More calls than this are no matter of concern: other workers have some under way that the provider hasn't counted. */
const FEW_REQUESTS = 100;
const FEW_TOKENS = 100_000;

export class RoomLearner {
  readonly #callLimits: CallLimits;
  readonly #logger: Logger;
  /** Lanes that are being slowed down, and what is to be said next. */
  readonly #next = new Map<string, ProviderRoom | null>();

  constructor({ callLimits, logger }: { callLimits: CallLimits; logger: Logger }) {
    this.#callLimits = callLimits;
    this.#logger = logger;
  }

  /** Returns at once; never throws. */
  learn(lane: string, room: ProviderRoom): void {
    if (!isNarrow(room)) return;
    const waiting = this.#next.get(lane);
    if (waiting === undefined) void this.#pass(lane, room);
    else this.#next.set(lane, waiting ? narrower(waiting, room) : room);
  }

  async #pass(lane: string, room: ProviderRoom): Promise<void> {
    let said: ProviderRoom | null = room;
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

function isNarrow({ requestsLeft, tokensLeft, resetMs, retryAfterMs }: ProviderRoom): boolean {
  if (retryAfterMs !== undefined) return true;
  const few = (requestsLeft ?? FEW_REQUESTS) < FEW_REQUESTS || (tokensLeft ?? FEW_TOKENS) < FEW_TOKENS;
  return few && resetMs !== undefined;
}

function narrower(one: ProviderRoom, other: ProviderRoom): ProviderRoom {
  const pick = (name: keyof ProviderRoom, of: (...values: number[]) => number) => {
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
