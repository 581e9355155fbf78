import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { free, openTestJournal, type TestJournal } from '../../testing/journal.ts';
import type { FieldChanges } from './append.ts';
import { answerField, callField, failedField, type OpenCall, stepField } from './call-record.ts';

let t: TestJournal;
beforeAll(async () => {
  t = await openTestJournal();
});
afterAll(() => t.close());

const stored = (value: string) => ({ value, text: '' });
const open = (id: string | null): OpenCall => ({
  provider: 'main',
  keyVersion: 0,
  visible: false,
  emitted: 0,
  cost: null,
  response: id === null ? null : { id, cursor: 4 },
});
const failed = { error: { code: 'x', message: 'y', retryable: false }, retry_at: new Date(0).toISOString() };

/** A job whose first attempt has left this in its record. */
async function jobWith(key: string, fields: FieldChanges, status: 'queued' | 'failed' = 'queued') {
  const { id } = await t.submit(key);
  const writer = t.writer(await t.claim(id));
  writer.write('attempt.started', { attempt: 1, resumed: false });
  const type = status === 'queued' ? 'attempt.failed' : 'job.failed';
  await writer.end({ status }, type, failed, fields);
  return id;
}

const left = {
  ...callField('a/1', open('resp_1')),
  ...callField('b/1', open(null)),
  ...callField('over', null),
  ...failedField('b/1', { charged: 2, error: { code: 'x', message: 'y', retryable: true } }),
  ...failedField('over', null),
  ...answerField('c/1', stored('answered')),
  ...answerField('dropped', null),
  ...stepField('d', stored('done')),
  spent: 3e9,
  input_tokens: 1,
  output_tokens: 2,
  calls: 2,
};

describe('what is stored of calls and steps', () => {
  it('is what the next attempt is given, without what is over', async () => {
    const { calls, spent } = await t.claim(await jobWith('given', left));
    expect(Object.fromEntries(calls.open)).toEqual({ 'a/1': open('resp_1'), 'b/1': open(null) });
    const error = { code: 'x', message: 'y', retryable: true };
    expect(Object.fromEntries(calls.failed)).toEqual({ 'b/1': { charged: 2, error } });
    expect(Object.fromEntries(calls.answers)).toEqual({ 'c/1': stored('answered') });
    expect(Object.fromEntries(calls.steps)).toEqual({ d: stored('done') });
    expect(calls).toMatchObject({ textDiscarded: false, keyVersion: 0 });
    expect(spent).toMatchObject({ usd: 3, input_tokens: 1, output_tokens: 2, calls: 2 });
  });

  it('is written with its event, for any number of fields', async () => {
    const { id } = await t.submit('many');
    const writer = t.writer(await t.claim(id));
    // More than a script can take as one command's arguments.
    const many = Object.assign({}, ...Array.from({ length: 9_000 }, (_, at) => answerField(`s/${at}`, stored('x'))));
    writer.change({ text_discarded: 1 });
    writer.write('step.completed', { step: 's' }, many);
    await writer.flushed();
    const { calls } = await t.claim(id);
    expect(calls.answers.size).toBe(9_000);
    expect(calls.textDiscarded).toBe(true);
  });

  it('is not written without an event: what a worker changes in memory only is lost with it', async () => {
    const { id } = await t.submit('memory');
    t.writer(await t.claim(id)).change(callField('x', open('resp_x')));
    expect((await t.claim(id)).calls.open.size).toBe(0);
  });
});

describe('a cancel of a queued job', () => {
  /** Responses that are to be ended at a provider, of those that the tests here begin. */
  async function leftovers(): Promise<{ lane: string; response: string }[]> {
    const entries = await t.redis.zrange(t.journal.cell.keys.leftover, '0', '-1');
    return entries.map((entry) => {
      const { lane, call } = JSON.parse(entry) as { lane: string; call: string };
      return { lane, response: (JSON.parse(call) as OpenCall).response?.id ?? '' };
    });
  }

  it('leaves all responses that may still run at the provider to be ended', async () => {
    const id = await jobWith('cancelled', { ...left, ...callField('e', open('resp_2')) });
    expect(await t.journal.cancel(id)).toMatchObject({ kind: 'cancelled' });
    const found = (await leftovers()).sort((a, b) => a.response.localeCompare(b.response));
    expect(found).toEqual([
      { lane: 'default', response: 'resp_1' },
      { lane: 'default', response: 'resp_2' },
    ]);
  });

  it('leaves nothing where none do', async () => {
    const id = await jobWith('cancelled alone', { ...left, ...callField('a/1', null) });
    const before = await leftovers();
    expect(await t.journal.cancel(id)).toMatchObject({ kind: 'cancelled' });
    expect(await leftovers()).toEqual(before);
  });
});

describe('a job that is run again', () => {
  it('keeps its completed steps; calls outside of steps are made again, under new keys', async () => {
    const id = await jobWith('again', left, 'failed');
    const { job } = (await t.journal.get(id)) ?? {};
    if (!job) throw new Error('no job');
    await t.journal.retry(job, free);
    const { calls, spent } = await t.claim(id);
    expect([calls.open.size, calls.failed.size, calls.answers.size, calls.steps.size]).toEqual([0, 0, 0, 1]);
    expect(calls).toMatchObject({ keyVersion: 1, textDiscarded: true });
    expect(spent).toMatchObject({ usd: null, calls: 0 });
  });
});
