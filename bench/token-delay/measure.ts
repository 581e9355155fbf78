/** One run: several answers at once through one subject, and the delay of each token. */
import { setTimeout as delay } from 'node:timers/promises';
import { quantile } from '../statistics.ts';
import { delaysOf, nowMs } from './clock.ts';
import type { Subject } from './subjects.ts';

export interface Load {
  streams: number;
  tokens: number;
  itlMs: number;
}

export interface Run {
  /** ms from the provider's write to the reader's receipt. */
  p50: number;
  p95: number;
  p99: number;
  max: number;
  /** Share of one core that the reading process used. Near 1, the measurement would measure itself. */
  readerCpu: number;
}

/** Longer than a submit and an attach take. So all readers are there before the first token. */
const TTFT_MS = 300;

/** @throws Error if a token is missing or comes twice */
export async function measureRun(subject: Subject, { streams, tokens, itlMs }: Load): Promise<Run> {
  const sim = `clock=1&tokens=${tokens}&itl_ms=${itlMs}&ttft_ms=${TTFT_MS}`;
  const [cpuBefore, startedAt] = [process.cpuUsage(), nowMs()];
  const answers = Array.from({ length: streams }, async (_, at) => {
    // The beginnings are spread over one interval. Otherwise all answers would write their tokens at the same moments.
    await delay((at * itlMs) / streams);
    const delays: number[] = [];
    await subject.readAnswer(sim, (text) => delays.push(...delaysOf(text, nowMs())));
    if (delays.length !== tokens) throw new Error(`Expected ${tokens} tokens, got ${delays.length}.`);
    return delays;
  });
  const delays = (await Promise.all(answers)).flat();
  const { user, system } = process.cpuUsage(cpuBefore);
  return {
    p50: quantile(delays, 0.5),
    p95: quantile(delays, 0.95),
    p99: quantile(delays, 0.99),
    max: Math.max(...delays),
    readerCpu: (user + system) / 1_000 / (nowMs() - startedAt),
  };
}
