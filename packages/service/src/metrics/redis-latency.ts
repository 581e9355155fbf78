import type { Metrics } from './metrics.ts';

const SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2];

/** @returns notes how long Redis took for a command that costs it nothing: the network, and what it was busy with */
export function measureRedis(metrics: Metrics): (seconds: number) => void {
  const histogram = metrics.histogram(
    'holdfast_redis_command_seconds',
    'Round trip of a PING on the connection of this process, one every few seconds',
    [],
    SECONDS,
  );
  return (seconds) => histogram.observe(seconds);
}
