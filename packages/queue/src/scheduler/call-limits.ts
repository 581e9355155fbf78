/**
 * A lane's requests and tokens a minute, shared by all processes through Redis. A job's first call is acquired when it is dispatched;
 * further calls are acquired here, and all calls are corrected here.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { type Cell, scripts } from '@holdfast/cell';
import type { CallLimits, RateLimitHeadroom } from '@holdfast/core';

/** The longest pause, in ms, that a provider's answer can cause: one header must not close a lane for hours. */
const MAX_PAUSE_MS = 60_000;

/** How long corrections are gathered, in ms: a bucket that is corrected this late works as well. */
const CORRECT_EVERY_MS = 20;

export class LaneCallLimits implements CallLimits {
  readonly #cell: Cell;
  /** Corrections that wait to be sent, by lane: a lane with many short jobs gets one for all of them. */
  readonly #corrections = new Map<string, { calls: number[]; sent: Promise<void> }>();

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
      return waiting.sent;
    }
    const correction = { calls: [acquired, used], sent: Promise.resolve() };
    this.#corrections.set(lane, correction);
    correction.sent = this.#send(lane, correction);
    return correction.sent;
  }

  async #send(lane: string, correction: { calls: number[] }): Promise<void> {
    await delay(CORRECT_EVERY_MS);
    this.#corrections.delete(lane);
    await scripts.correctCall.run(this.#cell, [lane, ...correction.calls]);
  }

  async slowDown(lane: string, { requestsLeft, tokensLeft, resetMs, retryAfterMs }: RateLimitHeadroom): Promise<void> {
    const [reset, pause] = [resetMs, retryAfterMs].map((ms) =>
      ms === undefined ? '' : Math.ceil(Math.min(ms, MAX_PAUSE_MS)),
    ) as [number | '', number | ''];
    await scripts.slowDown.run(this.#cell, [lane, requestsLeft ?? '', tokensLeft ?? '', reset, pause]);
  }
}
