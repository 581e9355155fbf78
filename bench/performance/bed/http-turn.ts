/** One turn of a subject that is reached by HTTP: requests for some time, and what they cost. */
import type { LoadAnswer, LoadCommand } from '../../load/requests.ts';
import type { Turn } from '../row.ts';
import { startMeter } from './cpu.ts';
import type { BenchProcess } from './processes.ts';
import type { BenchRedis } from './redis.ts';

export interface HttpSubject {
  process: BenchProcess;
  port: number;
  redis: BenchRedis;
}

/** Returns requests/s, latency in ms, µs of CPU per request, and the load's own share of a core. */
export async function takeHttpTurn(
  load: BenchProcess,
  { process, port, redis }: HttpSubject,
  command: Omit<LoadCommand, 'port'>,
): Promise<Turn> {
  const meter = startMeter({ node: [process.pid], redis: [redis.pid], load: [load.pid] });
  const { count, seconds, p50, p95, p99 } = await load.ask<LoadAnswer>({ ...command, port });
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
