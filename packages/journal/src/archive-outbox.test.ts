import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openTestJournal, type TestJournal } from '../testing/journal.ts';
import { ArchiveOutbox } from './archive-outbox.ts';

let t: TestJournal;
let outbox: ArchiveOutbox;
beforeAll(async () => {
  t = await openTestJournal();
  outbox = new ArchiveOutbox(t.journal.cell);
});
afterAll(() => t.close());

describe('the outbox', () => {
  it('gives ended and deleted jobs in the order of their ends, from when an archive is wanted, for seven days', async () => {
    const early = await t.submit('early');
    await t.journal.cancel(early.id);
    expect(await outbox.count()).toBe(0);
    await outbox.want();
    expect(await t.redis.ttl(t.journal.cell.keys.archivingWanted)).toBeGreaterThan(7 * 86_400 - 60);
    const [one, other] = [await t.submit('one'), await t.submit('other')];
    for (const { id } of [one, other]) await t.journal.cancel(id);
    await t.journal.delete(one.id);
    const entries = await outbox.oldest(10);
    expect(entries.map(({ jobId, kind }) => [jobId, kind])).toEqual(
      expect.arrayContaining([
        [one.id, 'ended'],
        [other.id, 'ended'],
        [one.id, 'deleted'],
      ]),
    );
    expect(entries.map(({ time }) => time)).toEqual(entries.map(({ time }) => time).sort());
    expect(await outbox.oldest(1)).toEqual(entries.slice(0, 1));
    await outbox.remove(entries.filter(({ kind }) => kind === 'ended'));
    expect(await outbox.oldest(10)).toMatchObject([{ jobId: one.id, kind: 'deleted' }]);
    await outbox.remove([]);
    expect(await outbox.count()).toBe(1);
  });
});

describe('an ended run', () => {
  it('has what it was settled with, in billionths; open jobs and missing ones have none', async () => {
    const { id } = await t.submit('settled');
    const open = await t.submit('open');
    await t.redis.hset(t.journal.keysOf(id).record, { spent: 7, open_cost: 5, avoided: 3 });
    await t.journal.cancel(id);
    const [run, ...none] = await t.journal.getEnded([id, open.id, 'job_none']);
    expect(run).toMatchObject({ tenant: 'acme', job: { id, status: 'cancelled' }, costNano: 12, avoidedNano: 3 });
    expect(none).toEqual([null, null]);
    const free = await t.submit('free');
    await t.redis.hset(t.journal.keysOf(free.id).record, { open_cost: 0 });
    await t.journal.cancel(free.id);
    expect(await t.journal.getEnded([free.id])).toMatchObject([{ costNano: null, avoidedNano: 0 }]);
  });
});
