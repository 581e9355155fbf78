/** Waits for a job's end with as many long polls as needed; the server holds each for up to `POLL_S` seconds. */
import type { Job } from '@holdfast/core';
import { sleep } from './back-off.ts';
import { HoldfastWaitTimeoutError } from './errors.ts';
import { hasEnded } from './terminal.ts';

/** Below the 60 s that the server allows and at which many proxies close a connection. */
const POLL_S = 50;

export interface WaitOptions {
  /** How long to wait in total, in ms. Default: until the job ends. */
  timeoutMs?: number | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * @param poll gets the job; the server may hold the answer for that many seconds
 * @param minPollMs the shortest time between two polls, in case the server answers at once
 * @throws HoldfastWaitTimeoutError, the signal's reason, and whatever `poll` throws
 */
export async function waitForEnd(
  id: string,
  poll: (seconds: number, signal: AbortSignal | undefined) => Promise<Job>,
  { timeoutMs, signal }: WaitOptions,
  minPollMs: number,
): Promise<Job> {
  const deadline = timeoutMs === undefined ? null : AbortSignal.timeout(timeoutMs);
  const signals = [signal, deadline].filter((each) => each instanceof AbortSignal);
  const either = signals.length === 0 ? undefined : AbortSignal.any(signals);
  try {
    for (;;) {
      const nextPoll = performance.now() + minPollMs;
      const job = await poll(POLL_S, either);
      if (hasEnded(job.status)) return job;
      await sleep(Math.max(0, nextPoll - performance.now()), either);
    }
  } catch (error) {
    signal?.throwIfAborted();
    if (deadline?.aborted && timeoutMs !== undefined) throw new HoldfastWaitTimeoutError(id, timeoutMs);
    throw error;
  }
}
