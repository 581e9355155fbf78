import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { Blocker } from '../tasks/current-job.ts';

function blockerOf(way: string): Blocker {
  const program = join(import.meta.dirname, '../../testing/blocked.ts');
  const { stdout, stderr } = spawnSync(process.execPath, ['--conditions=holdfast-source', program, way], {
    encoding: 'utf8',
    timeout: 120_000,
    killSignal: 'SIGKILL',
  });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Blocker;
}

describe('a main thread that is blocked by a job among others', () => {
  it.each(['loop', 'expression', 'json', 'command'])('says whose task it is, and where: %s', (way) => {
    const { job, at } = blockerOf(way);
    expect(job).toEqual({ jobId: `job_${way}`, task: 'block' });
    expect(at).toEqual(expect.arrayContaining([expect.stringContaining('testing/blocked.ts')]));
  });
});
