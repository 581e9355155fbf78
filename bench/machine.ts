/** Where and of what a measurement was made. */
import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, loadavg } from 'node:os';

export interface Machine {
  cpu: string;
  cores: number;
  node: string;
  redis: string;
  loadAverage: number;
}

export function machineOf(redisVersion: string): Machine {
  const [loadAverage = Number.NaN] = loadavg();
  const cpu = cpus()[0]?.model ?? 'unknown';
  return { cpu, cores: availableParallelism(), node: process.versions.node, redis: redisVersion, loadAverage };
}

/** The commit of the sources that are measured; says so when they have been changed since. */
export function commitOf(): string {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8' }).trim();
  const changed = git('status', '--porcelain', '--', '../apps', '../packages', '.') !== '';
  return git('rev-parse', '--short', 'HEAD') + (changed ? ' with changes' : '');
}
