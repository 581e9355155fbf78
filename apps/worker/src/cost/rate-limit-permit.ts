/**
 * The place of an attempt's calls in its lane's rate limits. Owns the permit that was taken when the job was dispatched:
 *
 *   acquire    the first call uses that permit; a further one waits here for its own, while its job keeps its place
 *   correct    what was taken is corrected by what was used; a call without usage keeps what was taken for it
 *   release    no call has used the permit
 *   slowDown   the provider asks for a pause: the whole lane makes one
 *
 * Nobody waits for the last three, and where they fail they are only logged: a bucket refills by itself.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { AttemptError, CallLimits, JsonObject, Logger } from '@holdfast/core';
import { estimateTokens } from '@holdfast/gate';
import type { Claim } from '@holdfast/journal';
import { healthOf } from '@holdfast/providers';

type Usage = { input_tokens: number; output_tokens: number } | null;

interface PermitOptions {
  claim: Pick<Claim, 'jobId' | 'lane' | 'tokens'>;
  callLimits: CallLimits;
  logger: Logger;
  /** A further call has got its permit. @param seconds that it waited */
  onWaited?: (seconds: number) => void;
}

export class RateLimitPermit {
  readonly #claim: PermitOptions['claim'];
  readonly #callLimits: CallLimits;
  readonly #logger: Logger;
  readonly #onWaited: (seconds: number) => void;
  #isUnused = true;

  constructor({ claim, callLimits, logger, onWaited = () => undefined }: PermitOptions) {
    this.#claim = claim;
    this.#callLimits = callLimits;
    this.#logger = logger;
    this.#onWaited = onWaited;
  }

  /** Resolves with the tokens taken. Throws the signal's reason. */
  async acquire(body: JsonObject, signal: AbortSignal): Promise<number> {
    const { lane, tokens } = this.#claim;
    if (this.#isUnused) {
      this.#isUnused = false;
      return tokens;
    }
    const wanted = estimateTokens(Buffer.byteLength(JSON.stringify(body)), body);
    const began = performance.now();
    for (;;) {
      const waitMs = await this.#callLimits.acquireCall(lane, wanted);
      if (waitMs === 0) {
        this.#onWaited((performance.now() - began) / 1_000);
        return wanted;
      }
      await delay(waitMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }

  /** @param usage null: unknown, what was taken stays taken */
  correct(taken: number, usage: Usage): void {
    if (usage) this.#correct(taken, usage.input_tokens + usage.output_tokens);
  }

  /** The attempt is over. */
  release(): void {
    if (!this.#isUnused) return;
    this.#isUnused = false;
    this.#correct(this.#claim.tokens, 0);
  }

  /** Nothing was taken at dispatch: the job waited in no lane. */
  drop(): void {
    this.#isUnused = false;
  }

  /** @param providers names of the lane's providers, in their order */
  slowDown(error: AttemptError, providers: readonly string[]): void {
    const { code, retryAfterMs } = error;
    if (code !== 'provider_rate_limited' || retryAfterMs === undefined) return;
    // Of several providers, only the first one's limits are the lane's; one that asks for a long pause is skipped instead.
    const [first, ...others] = providers;
    if (others.length > 0 && (error.provider !== first || healthOf(error) !== null)) return;
    const { lane, jobId } = this.#claim;
    this.#callLimits
      .slowDown(lane, { retryAfterMs })
      .catch((failure: unknown) => this.#logger.warn({ jobId, lane, error: failure }, 'lane not slowed down'));
  }

  #correct(taken: number, used: number): void {
    const { lane, jobId } = this.#claim;
    this.#callLimits
      .correctCall(lane, taken, used)
      .catch((error: unknown) => this.#logger.warn({ jobId, lane, error }, 'rate limit not corrected'));
  }
}
