/** Measures how long Redis takes to answer, by one PING every few seconds. */
import type { Redis } from './connect.ts';

const EVERY_MS = 5_000;

/** @param onPing called with the round trip, in seconds. Nothing is measured while Redis is away. @returns what ends it */
export function watchLatency(redis: Redis, onPing: (seconds: number) => void): () => void {
  let isUnderWay = false;
  const ping = async () => {
    if (isUnderWay || redis.status !== 'ready') return;
    isUnderWay = true;
    const began = performance.now();
    try {
      await redis.ping();
      onPing((performance.now() - began) / 1_000);
    } catch {
      // The connection logs its outages itself.
    } finally {
      isUnderWay = false;
    }
  };
  void ping();
  const timer = setInterval(() => void ping(), EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}
