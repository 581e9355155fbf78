/** One turn of a subject that is reached by HTTP: so many requests for some seconds, and what they cost. */
import type { LoadAnswer, LoadOrder } from '../../load/requests.ts';
import type { Turn } from '../row.ts';
import { startMeter } from './cpu.ts';
import type { BenchProcess } from './processes.ts';
import type { BenchRedis } from './redis.ts';

export interface HttpSubject {
  process: BenchProcess;
  port: number;
  redis: BenchRedis;
}

/** requests/s, latency in ms, µs of CPU per request, and the share of a core that the load itself took. */
export async function takeHttpTurn(
  load: BenchProcess,
  { process, port, redis }: HttpSubject,
  order: Omit<LoadOrder, 'port'>,
): Promise<Turn> {
  const meter = startMeter({ node: [process.pid], redis: [redis.pid], load: [load.pid] });
  const { count, seconds, p50, p95, p99 } = await load.ask<LoadAnswer>({ ...order, port });
  const used = meter.read();
  return {
    rate: count / seconds,
    p50,
    p95,
    p99,
    nodeUs: used.node / count,
    redisUs: used.redis / count,
    cpuUs: (used.node + used.redis) / count,
    loadShare: used.load / 1e6 / seconds,
  };
}
