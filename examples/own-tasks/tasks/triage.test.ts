import { deepEqual, equal, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { checkCrashes, runTask } from '@holdfast/tasks/testing';
import { triage } from './triage.ts';

const input = { message: 'I was charged twice!' };
const model = [{ topic: 'billing', urgent: true }, 'We are sorry, and look into it.'];

test('sorts a message, then drafts an answer', async () => {
  const { output, calls, text } = await runTask(triage, { input, model });
  deepEqual(output, { topic: 'billing', urgent: true, draft: 'We are sorry, and look into it.' });
  equal(text, 'We are sorry, and look into it.');
  equal(calls.at(-1)?.instructions, 'Draft a friendly answer to a message about: billing.');
});

test('pays for nothing twice, wherever its worker is killed', async () => {
  const crashes = await checkCrashes(triage, { input, model });
  equal(crashes.length > 4, true);
});

test('refuses a message without words', async () => {
  await rejects(runTask(triage, { input: { message: '' }, model }), TypeError);
});
