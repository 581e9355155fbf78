/** What the example `own-tasks` says when it is started, and when it is tested. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from '@jest/globals';
import type { Place, RunningExample } from './example.ts';

const execute = promisify(execFile);

export async function exerciseOwnTasks({ program }: RunningExample): Promise<void> {
  await program.saying(/^triage: (?:billing|bug|other), (?:not )?urgent$/m);
  await program.saying(/^digest: completed after 3 calls$/m);
  expect(await program.ended()).toBe(0);
}

/** `npm test` in it. */
export async function testOwnTasks({ directory, env }: Place): Promise<void> {
  const { stdout } = await execute('npm', ['test'], { cwd: join(directory, 'own-tasks'), env });
  expect(stdout).toMatch(/pass 3\n.*fail 0\n/);
}
