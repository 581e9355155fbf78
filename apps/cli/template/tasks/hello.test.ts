import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import { checkCrashes, runTask } from '@holdfast/tasks/testing';
import { hello } from './hello.ts';

const run = { input: { name: 'Ada' }, model: ['cheerful', 'Hello, Ada!'] };

test('greets in a mood', async () => {
  const { output, calls } = await runTask(hello, run);
  equal(output?.greeting, 'Hello, Ada!');
  equal(calls[1]?.prompt, 'Greet Ada. Your mood is: cheerful');
});

test('pays for nothing twice, wherever its worker is killed', async () => {
  await checkCrashes(hello, run);
});
