/**
 * A lane's requests and tokens a minute, shared by all processes through Redis. A job's first call is taken when
 * it is dispatched; further calls are acquired here, and all are corrected here.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { type Cell, scripts } from '@holdfast/cell';
import type { CallLimits, RateLimitHeadroom } from '@holdfast/core';

/** A provider that asks for more quiet than this, in ms, is tried again after this: one word shouldn't shut a lane for hours. */
const MAX_QUIET_MS = 60_000;

/** A bucket that is corrected so much later, in ms, is as good. */
const CORRECT_EVERY_MS = 20;

export class LaneCallLimits implements CallLimits {
  readonly #cell: Cell;
  /** Corrections that wait to be passed on, by lane: a lane with many short jobs gets one for all of them. */
  readonly #corrections = new Map<string, { calls: number[]; passedOn: Promise<void> }>();

  constructor(cell: Cell) {
    this.#cell = cell;
  }

  async acquireCall(lane: string, tokens: number): Promise<number> {
    return (await scripts.acquireCall.run(this.#cell, [lane, Math.ceil(tokens)])) as number;
  }

  async correctCall(lane: string, acquired: number, used: number): Promise<void> {
    const waiting = this.#corrections.get(lane);
    if (waiting) {
      waiting.calls.push(acquired, used);
      return waiting.passedOn;
    }
    const correction = { calls: [acquired, used], passedOn: Promise.resolve() };
    this.#corrections.set(lane, correction);
    correction.passedOn = this.#passOn(lane, correction);
    return correction.passedOn;
  }

  async #passOn(lane: string, correction: { calls: number[] }): Promise<void> {
    await delay(CORRECT_EVERY_MS);
    this.#corrections.delete(lane);
    await scripts.correctCall.run(this.#cell, [lane, ...correction.calls]);
  }

  async slowDown(lane: string, { requestsLeft, tokensLeft, resetMs, retryAfterMs }: RateLimitHeadroom): Promise<void> {
    const [reset, quiet] = [resetMs, retryAfterMs].map((ms) =>
      ms === undefined ? '' : Math.ceil(Math.min(ms, MAX_QUIET_MS)),
    ) as [number | '', number | ''];
    await scripts.slowDown.run(this.#cell, [lane, requestsLeft ?? '', tokensLeft ?? '', reset, quiet]);
  }
}
