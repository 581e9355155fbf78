import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { free, openTestJournal, type TestJournal } from '../../testing/journal.ts';
import { attach, type EventSink } from './attach.ts';
import { waitForEnd } from './wait-for-end.ts';

let t: TestJournal;
beforeAll(async () => {
  t = await openTestJournal();
});
afterAll(() => t.close());

/** Collects what it is given; says "enough" for every n-th write and asks for a pause then. */
class CollectingSink implements EventSink {
  readonly #bytes: Buffer[] = [];
  writes = 0;
  drains = 0;
  readonly #full: (writes: number) => boolean;
  readonly #pause: () => Promise<void>;

  constructor(full: (writes: number) => boolean = () => false, pause: () => Promise<void> = async () => undefined) {
    this.#full = full;
    this.#pause = pause;
  }

  get text(): string {
    return Buffer.concat(this.#bytes).toString();
  }

  write(bytes: Buffer): boolean {
    this.#bytes.push(bytes);
    this.writes += 1;
    return !this.#full(this.writes);
  }

  async drained(): Promise<void> {
    this.drains += 1;
    await this.#pause();
  }
}

const never = new AbortController().signal;
const reading = (jobId: string, after: number, sink: EventSink, signal = never) =>
  attach({ journal: t.journal, feed: t.feed, jobId, after, sink, signal });

/** What is stored of a log, in all of its segments. */
async function wholeLog(jobId: string): Promise<string> {
  const { log } = t.journal.keysOf(jobId);
  const segments: Buffer[] = [];
  for (let key = log; ; key = `${log}:${segments.length}`) {
    const segment = await t.redis.getBuffer(key);
    if (!segment) return Buffer.concat(segments).toString();
    segments.push(segment);
  }
}

/** A finished job with `count` deltas of `size` characters. */
async function finishedJob(key: string, count: number, size: number): Promise<string> {
  const { id } = await t.submit(key);
  const writer = t.writer(await t.claim(id));
  for (let n = 0; n < count; n++) {
    writer.write('text.delta', { text: `${n}:`.padEnd(size, 'ä') });
    if (n % 10 === 9) await writer.flushed();
  }
  await writer.end({ status: 'completed' }, 'job.completed', { output: null, usage: null });
  return id;
}

describe('attach', () => {
  it('gives the same bytes from every cursor of a finished journal', async () => {
    const id = await finishedJob('every cursor', 40, 20);
    const log = await wholeLog(id);
    for (let after = 0; after <= 42; after++) {
      const sink = new CollectingSink();
      expect(await reading(id, after, sink)).toBe('ended');
      const start = after === 42 ? log.length : log.indexOf(`id: ${after + 1}\n`);
      expect(sink.text).toBe(log.slice(start));
    }
  });

  it('reads long logs in windows, found through the index, multi-byte text whole', async () => {
    const id = await finishedJob('long', 600, 1_000);
    const log = await wholeLog(id);
    expect(Buffer.byteLength(log)).toBeGreaterThan(1_000_000);
    for (const after of [0, 1, 250, 500, 601]) {
      const sink = new CollectingSink();
      await reading(id, after, sink);
      expect(sink.text).toBe(log.slice(log.indexOf(`id: ${after + 1}\n`)));
    }
  });

  it('joins log and live without gap or duplicate, for readers who come at any moment', async () => {
    const { id } = await t.submit('live');
    const writer = t.writer(await t.claim(id));
    const readers: { sink: CollectingSink; done: Promise<string> }[] = [];
    for (let n = 0; n < 120; n++) {
      writer.write('text.delta', { text: `word ${n}` });
      if (n % 4 === 0) {
        const sink = new CollectingSink();
        readers.push({ sink, done: reading(id, 0, sink) });
      }
      if (n % 3 === 0) await writer.flushed();
    }
    await writer.end({ status: 'completed' }, 'job.completed', { output: null, usage: null });
    expect(await Promise.all(readers.map((reader) => reader.done))).toEqual(readers.map(() => 'ended'));
    const log = await wholeLog(id);
    for (const { sink } of readers) expect(sink.text).toBe(log);
  });

  it('waits for a sink that is full before it says that the end was delivered', async () => {
    const { id } = await t.submit('full at the end');
    const writer = t.writer(await t.claim(id));
    const sink = new CollectingSink(() => true);
    const done = reading(id, 0, sink);
    // Live from here on: the log's first event has been passed on.
    while (sink.drains === 0) await new Promise((resolve) => setImmediate(resolve));
    await writer.end({ status: 'completed' }, 'job.completed', { output: 'x'.repeat(200_000), usage: null });
    expect(await done).toBe('ended');
    expect(sink.drains).toBe(sink.writes);
  });

  it('ends when the last event was written while the log was being read', async () => {
    const { id } = await t.submit('end within replay');
    const writer = t.writer(await t.claim(id));
    const { redis } = t.journal;
    const getrangeBuffer = async (...range: [string, number, number]) => {
      if (writer.seq === 1) await writer.end({ status: 'completed' }, 'job.completed', { output: null, usage: null });
      return redis.getrangeBuffer(...range);
    };
    const slow = new Proxy(redis, {
      get: (target, name) => (name === 'getrangeBuffer' ? getrangeBuffer : Reflect.get(target, name).bind(target)),
    });
    const journal = t.journal.over(slow);
    const sink = new CollectingSink();
    const signal = AbortSignal.timeout(60_000);
    expect(await attach({ journal, feed: t.feed, jobId: id, after: 0, sink, signal })).toBe('ended');
    expect(sink.text).toBe(await wholeLog(id));
  });

  it('ends, whole, with the end of its beginning, although the job is retried meanwhile; the next one continues', async () => {
    const { id } = await t.submit('retried within replay');
    await t.journal.cancel(id);
    const { job } = (await t.journal.get(id)) ?? {};
    if (!job) throw new Error('no job');
    const { redis } = t.journal;
    let again = false;
    const getrangeBuffer = async (...range: [string, number, number]) => {
      if (!again) await t.journal.retry(job, free);
      again = true;
      return redis.getrangeBuffer(...range);
    };
    const slow = new Proxy(redis, {
      get: (target, name) => (name === 'getrangeBuffer' ? getrangeBuffer : Reflect.get(target, name).bind(target)),
    });
    const journal = t.journal.over(slow);
    const sink = new CollectingSink();
    const done = attach({ journal, feed: t.feed, jobId: id, after: 0, sink, signal: AbortSignal.timeout(60_000) });
    expect(await done).toBe('ended');
    const next = new CollectingSink();
    const rest = reading(id, 2, next);
    await t.journal.cancel(id);
    expect(await rest).toBe('ended');
    expect(sink.text).toMatch(/event: job.cancelled\ndata: {}\n\n$/);
    expect(sink.text + next.text).toBe(await wholeLog(id));
  });

  it('listens to a job that had ended only where it runs again', async () => {
    const id = await finishedJob('ended before', 3, 20);
    const feed = new Proxy(t.feed, {
      get: (target, name) => {
        if (name === 'subscribe') throw new Error('it listens');
        return Reflect.get(target, name).bind(target);
      },
    });
    const sink = new CollectingSink();
    const options = { journal: t.journal, after: 0, sink, signal: never, hasEnded: true };
    expect(await attach({ ...options, feed, jobId: id })).toBe('ended');
    expect(sink.text).toBe(await wholeLog(id));

    const again = await t.submit('ended before, runs again');
    const writer = t.writer(await t.claim(again.id));
    const late = new CollectingSink();
    const done = attach({ ...options, sink: late, feed: t.feed, jobId: again.id });
    while (late.writes === 0) await new Promise((resolve) => setImmediate(resolve));
    writer.write('text.delta', { text: 'more' });
    await writer.end({ status: 'completed' }, 'job.completed', { output: null, usage: null });
    expect(await done).toBe('ended');
    expect(late.text).toBe(await wholeLog(again.id));
  });

  it('lets a slow reader fall behind and catch up from the log', async () => {
    const { id } = await t.submit('slow');
    const writer = t.writer(await t.claim(id));
    const { promise: paused, resolve: go } = Promise.withResolvers<void>();
    const sink = new CollectingSink(
      (writes) => writes === 1,
      () => paused,
    );
    const done = reading(id, 0, sink);
    for (let n = 0; n < 300; n++) {
      writer.write('text.delta', { text: `${n}` });
      await writer.flushed();
    }
    await writer.end({ status: 'completed' }, 'job.completed', { output: null, usage: null });
    expect(sink.writes).toBe(1);
    go();
    expect(await done).toBe('ended');
    expect(sink.text).toBe(await wholeLog(id));
  });

  it('reads what it missed after its subscription was cut', async () => {
    const { id } = await t.submit('cut');
    const writer = t.writer(await t.claim(id));
    const sink = new CollectingSink();
    const done = reading(id, 0, sink);
    writer.write('text.delta', { text: 'before' });
    await writer.flushed();
    (t.subscriber as unknown as { stream: { destroy(): void } }).stream.destroy();
    writer.write('text.delta', { text: 'while away' });
    await writer.end({ status: 'completed' }, 'job.completed', { output: null, usage: null });
    expect(await done).toBe('ended');
    expect(sink.text).toBe(await wholeLog(id));
  });

  it('stops when the reader goes, and says so when the job was deleted', async () => {
    const { id } = await t.submit('leaves');
    const leave = new AbortController();
    const done = reading(id, 0, new CollectingSink(), leave.signal);
    leave.abort();
    expect(await done).toBe('aborted');
    await t.journal.cancel(id);
    await t.journal.delete(id);
    expect(await reading(id, 0, new CollectingSink())).toBe('gone');
  });

  it('continues after an old end when the job was retried', async () => {
    const { id } = await t.submit('again');
    await t.journal.cancel(id);
    const { job } = (await t.journal.get(id)) ?? {};
    if (!job) throw new Error('no job');
    await t.journal.retry(job, free);
    const sink = new CollectingSink();
    const done = reading(id, 0, sink);
    await t.writer(await t.claim(id)).end({ status: 'completed' }, 'job.completed', { output: null, usage: null });
    expect(await done).toBe('ended');
    expect(sink.text.match(/^event: .*$/gm)).toEqual([
      'event: job.accepted',
      'event: job.cancelled',
      'event: job.accepted',
      'event: job.completed',
    ]);
  });
});

describe('waitForEnd', () => {
  it('resolves with the job as soon as it has ended, or as it is when the signal fires', async () => {
    const { id } = await t.submit('waited for');
    const late = await waitForEnd(t.journal, t.feed, id, AbortSignal.timeout(30));
    expect(late?.job.status).toBe('queued');
    const ended = waitForEnd(t.journal, t.feed, id, never);
    await t.journal.cancel(id);
    expect((await ended)?.job.status).toBe('cancelled');
  });
});
