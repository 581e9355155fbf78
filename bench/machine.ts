/** Where a measurement was made: the machine, and the commit of the sources. */
import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, loadavg } from 'node:os';
import type { Redis } from '@holdfast/redis';

export interface Machine {
  cpu: string;
  cores: number;
  node: string;
  redis: string;
  loadAverage: number;
}

export async function machineOf(redis: Redis): Promise<Machine> {
  const [loadAverage = Number.NaN] = loadavg();
  const cpu = cpus()[0]?.model ?? 'unknown';
  const version = /redis_version:(\S+)/.exec(await redis.info('server'))?.[1] ?? 'unknown';
  return { cpu, cores: availableParallelism(), node: process.versions.node, redis: version, loadAverage };
}

/** The commit of the measured sources, with a note if files have changed since. */
export function commitOf(): string {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8' }).trim();
  const changed = git('status', '--porcelain', '--', '../apps', '../packages', '.', ':!results') !== '';
  return git('rev-parse', '--short', 'HEAD') + (changed ? ' with changes' : '');
}
