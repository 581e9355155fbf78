/** One run: so many answers at once through one subject, and how long each token was on its way. */
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
  /** Share of one core that the reading process used: near 1 it would measure itself. */
  readerCpu: number;
}

/** Longer than submitting and attaching takes, so that all tokens find their reader there. */
const TTFT_MS = 300;

/** @throws Error when a token is missing or comes twice */
export async function measureRun(subject: Subject, { streams, tokens, itlMs }: Load): Promise<Run> {
  const sim = `clock=1&tokens=${tokens}&itl_ms=${itlMs}&ttft_ms=${TTFT_MS}`;
  const [cpuBefore, startedAt] = [process.cpuUsage(), nowMs()];
  const answers = Array.from({ length: streams }, async (_, at) => {
    // Spread over one interval: answers that began at once would write their tokens at once, forever.
    await delay((at * itlMs) / streams);
    const delays: number[] = [];
    await subject.readAnswer(sim, (text) => delays.push(...delaysOf(text, nowMs())));
    if (delays.length !== tokens) throw new Error(`${delays.length} tokens of ${tokens} came.`);
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
