import { it } from '@jest/globals';
import { inRepository, withExample } from './example.ts';
import { exerciseOwnTasks, testOwnTasks } from './own-tasks.ts';

it('examples/own-tasks runs its tasks, and ends with what it started', async () => {
  await withExample('own-tasks', await inRepository(), exerciseOwnTasks);
});

it('examples/own-tasks has tests that pass', async () => {
  await testOwnTasks(await inRepository());
});
