/** CPU time and memory of processes, as the kernel counts them. */
import { readFileSync } from 'node:fs';

/** The kernel counts in hundredths of a second. */
const MICROSECONDS_PER_TICK = 10_000;

/** CPU time of a process so far, user and system, in µs. */
export function cpuMicroseconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * MICROSECONDS_PER_TICK;
}

/** Memory of a process in RAM, in bytes. */
export function residentBytes(pid: number): number {
  const [, kilobytes = 'NaN'] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1_024;
}

/** CPU time that each group of processes used between `startMeter` and `read`, in µs. */
export interface CpuMeter<Group extends string> {
  read(): Record<Group, number>;
  seconds(): number;
}

export function startMeter<Group extends string>(groups: Record<Group, readonly number[]>): CpuMeter<Group> {
  const sumsOf = () =>
    Object.entries<readonly number[]>(groups).map(([group, pids]): [string, number] => [
      group,
      pids.reduce((sum, pid) => sum + cpuMicroseconds(pid), 0),
    ]);
  const [before, startedAt] = [new Map(sumsOf()), performance.now()];
  return {
    read: () =>
      Object.fromEntries(sumsOf().map(([group, sum]) => [group, sum - (before.get(group) ?? 0)])) as Record<
        Group,
        number
      >,
    seconds: () => (performance.now() - startedAt) / 1_000,
  };
}
