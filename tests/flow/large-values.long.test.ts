/** Answers, events and requests that are much larger than usual: whole for everybody who reads them, and no burden to the others. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { follow, JournalProbe } from '../stack/journal-probe.ts';
import { type RestartableRedis, startRestartableRedis } from '../stack/restartable-redis.ts';
import { Stack } from '../stack/stack.ts';

const MB = 1_048_576;
/** Most bytes that one command may be given, or may ask for: what is larger keeps all others waiting. */
const MAX_COMMAND_BYTES = 262_144;

let redis: RestartableRedis;
let provider: Server;
let stack: Stack;
let probe: JournalProbe;

/**
 * Answers with as many bytes as the request asks for, in `input` or in the last message: `<what> <MB>`; to a photo, with its
 * length.
 */
function startProvider(): Promise<Server> {
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const body = JSON.parse(Buffer.concat(pieces).toString());
    const content = body.messages?.at(-1).content;
    const asked = Array.isArray(content) ? `photo ${content[0].image_url.url.length}` : (body.input ?? content);
    const [what = '', size = '0'] = String(asked).split(' ');
    const filler = what === 'photo' ? size : 'x'.repeat(Math.round(Number(size) * MB));
    if (what === 'vectors') {
      response.setHeader('content-type', 'application/json');
      const data = [{ object: 'embedding', index: 0, embedding: filler }];
      response.end(JSON.stringify({ object: 'list', data, model: 'm', usage: { prompt_tokens: 1, total_tokens: 1 } }));
      return;
    }
    response.setHeader('content-type', 'text/event-stream');
    const send = (delta: object, finish_reason: string | null = null) => {
      const chunk = {
        id: 'c',
        object: 'chat.completion.chunk',
        created: 1,
        model: 'm',
        choices: [{ index: 0, delta, finish_reason }],
      };
      response.write(`data: ${JSON.stringify(chunk)}\n\n`);
    };
    send({ role: 'assistant', content: 'begin ' });
    send(what === 'image' ? { images: [{ image_url: { url: filler } }] } : { content: filler });
    send({ content: ' end' });
    send({}, 'stop');
    response.end('data: [DONE]\n\n');
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

beforeAll(async () => {
  [redis, provider] = await Promise.all([startRestartableRedis(), startProvider()]);
  const { port } = provider.address() as AddressInfo;
  const base_url = `http://127.0.0.1:${port}/v1`;
  stack = await Stack.start({
    redisUrl: redis.url,
    env: { MAX_ANSWER_MB: '40', MAX_BODY_MB: '10' },
    config: () => ({ lanes: { default: { models: ['*'], providers: [{ name: 'main', base_url }] } } }),
  });
  probe = await JournalProbe.open(stack);
  // Its log of slow commands has their sizes: of all of them, here. How long they take is the machine's.
  await probe.redis.config('SET', 'slowlog-max-len', '1000000');
  await probe.redis.config('SET', 'slowlog-log-slower-than', '0');
});
afterAll(async () => {
  await probe?.close();
  await stack?.close();
  await redis?.close();
  provider?.close();
});

const embeddings = (input: string) => ({ task: 'embeddings', input: { model: 'm', input } });
const chat = (content: string) => ({
  task: 'chat.completions',
  input: { model: 'm', messages: [{ role: 'user', content }] },
});
/** Commands since it was last asked that were given too much at once, or asked for it; but for the loading of scripts. */
async function largeCommands(): Promise<string[]> {
  const seen = (await probe.redis.slowlog('GET', -1)) as [number, number, number, string[]][];
  await probe.redis.slowlog('RESET');
  expect(seen.length).toBeGreaterThan(100);
  const large = seen.filter(([, , , words]) => bytesOf(words) > MAX_COMMAND_BYTES);
  return large.map(([, , , words]) => words.join(' ').slice(0, 200)).filter((text) => !/^script/i.test(text));
}

/** What the log cuts short ends with `... (N more bytes)`; a window of a value is asked for by its first and last byte. */
function bytesOf(words: readonly string[]): number {
  const [command = '', , from = '', to = ''] = words;
  if (/^getrange$/i.test(command)) return to === '-1' ? Number.POSITIVE_INFINITY : Number(to) - Number(from) + 1;
  return words.reduce((sum, word) => sum + word.length + Number(/\((\d+) more bytes\)$/.exec(word)?.[1] ?? 0), 0);
}

describe('an answer of 30 MB', () => {
  it('is whole for whoever polls, attaches, waits and submits again; lists do not hold it', async () => {
    const { job } = await stack.client.submit(embeddings('vectors 30'), { idempotencyKey: 'large' });
    const ended = await stack.client.wait(job.id);
    expect(ended).toMatchObject({ status: 'completed', output_text: null });
    const output = ended.output as { data: { embedding: string }[] };
    expect(output.data[0]?.embedding.length).toBe(30 * MB);
    const { events } = await follow(stack.client, job.id);
    const last = events.at(-1);
    expect(last?.type).toBe('job.completed');
    expect(last?.type === 'job.completed' && JSON.stringify(last.data.output) === JSON.stringify(output)).toBe(true);
    const again = await stack.client.submit(embeddings('vectors 30'), { idempotencyKey: 'large' });
    expect(again.replayed).toBe(true);
    expect(JSON.stringify(again.job.output) === JSON.stringify(output)).toBe(true);
    const page = await (await stack.fetch('/v1/jobs')).text();
    expect(page.length).toBeLessThan(2_000);
    // The record that is polled, claimed and listed holds none of it.
    expect(await probe.redis.memory('USAGE', probe.journal.keysOf(job.id).record)).toBeLessThan(8_192);
    expect(await largeCommands()).toEqual([]);
  });

  it('leaves nothing when it is deleted', async () => {
    const [found] = (await stack.client.list()).data;
    await stack.client.delete(String(found?.id));
    expect(await probe.redis.keys(`*${found?.id}*`)).toEqual([expect.stringContaining(':bull:')]);
    expect(await probe.redis.keys('*:value:*')).toEqual([]);
  });
});

describe('a request of 7 MB', () => {
  it('with a photo as a data URL comes to the provider whole, and is no burden to Redis', async () => {
    const url = `data:image/jpeg;base64,${'A'.repeat(7 * MB)}`;
    const content = [{ type: 'image_url', image_url: { url } }];
    const request = {
      task: 'chat.completions',
      input: { model: 'm', messages: [{ role: 'user', content }] },
    };
    const { job } = await stack.client.submit(request);
    const ended = await stack.client.wait(job.id);
    expect(ended).toMatchObject({ status: 'completed', output_text: `begin ${url.length} end` });
    expect(await largeCommands()).toEqual([]);
  });
});

describe('an event of 9 MB', () => {
  it('comes whole to those who are attached and to those who come later, between its neighbors', async () => {
    const { job } = await stack.client.submit(chat('image 9'));
    const live = await follow(stack.client, job.id);
    const later = await follow(stack.client, job.id);
    expect(live.events.at(-1)?.type).toBe('job.completed');
    expect(live.log === later.log).toBe(true);
    expect(live.log).toContain('"x'.padEnd(1_000, 'x'));
    expect(live.text).toBe('begin  end');
    expect(await largeCommands()).toEqual([]);
  });
});

describe('a text of 5 MB', () => {
  it('is in the job, though the API never parses it', async () => {
    const { job } = await stack.client.submit(chat('text 5'));
    const ended = await stack.client.wait(job.id);
    expect(ended.output_text?.length).toBe(5 * MB + 'begin  end'.length);
    expect(await largeCommands()).toEqual([]);
  });
});

describe('an answer above MAX_ANSWER_MB', () => {
  it.each([
    ['in one piece', embeddings('vectors 41')],
    ['in a stream', chat('text 41')],
  ])('%s fails the job, once, with an error of its own', async (_, request) => {
    const { job } = await stack.client.submit(request);
    const ended = await stack.client.wait(job.id);
    expect(ended).toMatchObject({ status: 'failed', provider_calls: 1, attempt: 1 });
    expect(ended.error).toMatchObject({ code: 'answer_too_large', retryable: false });
    expect(ended.error?.message).toContain('MAX_ANSWER_MB');
  });
});
