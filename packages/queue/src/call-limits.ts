/**
 * A lane's requests and tokens a minute, shared by all processes through Redis. The pump takes a job's first call when it
 * releases the job; further calls of a job are taken here, and all are settled here.
 */
import type { CallLimits, ProviderRoom } from '@holdfast/core';
import type { Redis } from '@holdfast/redis';
import { reserveCallScript, settleCallScript, slowDownScript } from './scripts/calls.ts';

/** A provider that asks for more quiet than this, in ms, is tried again after this: one word shouldn't shut a lane for hours. */
const LONGEST_QUIET_MS = 60_000;

export class LaneCallLimits implements CallLimits {
  readonly #redis: Redis;
  readonly #prefix: string;

  constructor({ redis, prefix }: { redis: Redis; prefix: string }) {
    this.#redis = redis;
    this.#prefix = prefix;
  }

  async reserveCall(lane: string, tokens: number): Promise<number> {
    return (await reserveCallScript.run(this.#redis, this.#prefix, lane, [Math.ceil(tokens)])) as number;
  }

  async settleCall(lane: string, reserved: number, used: number): Promise<void> {
    if (reserved === used) return;
    await settleCallScript.run(this.#redis, this.#prefix, lane, [reserved, used]);
  }

  async slowDown(lane: string, { requestsLeft, tokensLeft, resetMs, retryAfterMs }: ProviderRoom): Promise<void> {
    const [reset, quiet] = [resetMs, retryAfterMs].map((ms) =>
      ms === undefined ? '' : Math.ceil(Math.min(ms, LONGEST_QUIET_MS)),
    ) as [number | '', number | ''];
    await slowDownScript.run(this.#redis, this.#prefix, lane, [requestsLeft ?? '', tokensLeft ?? '', reset, quiet]);
  }
}
