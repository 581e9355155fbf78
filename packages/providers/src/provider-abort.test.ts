import type { ProviderEvent } from '@holdfast/core';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  answerJson,
  beginStream,
  chatChunk,
  collect,
  type FakeUpstream,
  shortChat,
  startUpstream,
  until,
} from '../testing/fake-upstream.ts';
import { createOpenAiProvider } from './call/open-ai-provider.ts';

const running: FakeUpstream[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((upstream) => upstream.stop()));
});

async function start(handle: Parameters<typeof startUpstream>[0]) {
  const upstream = await startUpstream(handle);
  running.push(upstream);
  const controller = new AbortController();
  const provider = createOpenAiProvider({ name: 'main', baseUrl: upstream.baseUrl, apiKey: 'k' });
  const call = (endpoint: 'chat.completions' | 'embeddings' = 'chat.completions') =>
    provider.call({ endpoint, body: {}, signal: controller.signal });
  return { upstream, controller, call };
}

const reason = new Error('cancelled by the tenant');
const openStream = (response: Parameters<typeof beginStream>[0]) => beginStream(response, ...shortChat.slice(0, 2));

describe('an abort', () => {
  it('before the call asks for nothing', async () => {
    const { upstream, controller, call } = await start(() => undefined);
    controller.abort(reason);
    await expect(collect(call())).rejects.toBe(reason);
    expect(upstream.requests).toHaveLength(0);
  });

  it('before the headers closes the connection and throws the reason', async () => {
    const { upstream, controller, call } = await start(() => undefined);
    const answer = collect(call());
    await until('it is asked', () => upstream.requests.length === 1);
    controller.abort(reason);
    await expect(answer).rejects.toBe(reason);
    await until('the call is aborted', () => upstream.aborted === 1);
  });

  it('in mid-stream closes the connection and throws, where the SDK would end in silence', async () => {
    const { upstream, controller, call } = await start(openStream);
    const seen: ProviderEvent[] = [];
    const reading = (async () => {
      for await (const event of call()) seen.push(event);
    })();
    await until('both events have come', () => seen.length === 2);
    controller.abort(reason);
    await expect(reading).rejects.toBe(reason);
    await until('the call is aborted', () => upstream.aborted === 1);
  });

  it('throws a reason that looks like an abort of the SDK itself', async () => {
    const { controller, call } = await start(openStream);
    const iterator = call()[Symbol.asyncIterator]();
    await iterator.next();
    controller.abort();
    await expect(iterator.next()).rejects.toBe(controller.signal.reason);
  });

  it('while the consumer is busy closes the connection at once', async () => {
    const { upstream, controller, call } = await start(openStream);
    const iterator = call()[Symbol.asyncIterator]();
    await iterator.next();
    controller.abort(reason);
    await until('the call is aborted', () => upstream.aborted === 1);
    await expect(iterator.next()).rejects.toBe(reason);
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  it('gives out nothing that had come before it', async () => {
    const { controller, call } = await start((response) => {
      beginStream(response, ...shortChat, '[DONE]');
      response.end();
    });
    const iterator = call()[Symbol.asyncIterator]();
    await iterator.next();
    await iterator.next();
    controller.abort(reason);
    await expect(iterator.next()).rejects.toBe(reason);
  });

  it('ends a call that is answered in one piece', async () => {
    const { upstream, controller, call } = await start((response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{"data": [');
    });
    const answer = collect(call('embeddings'));
    await until('it is asked', () => upstream.requests.length === 1);
    controller.abort(reason);
    await expect(answer).rejects.toBe(reason);
    await until('the call is aborted', () => upstream.aborted === 1);
  });

  it('of an earlier signal does not reach a call that is over', async () => {
    const { controller, call } = await start((response) => answerJson(response, 200, { data: [] }));
    expect(await collect(call('embeddings'))).toHaveLength(1);
    controller.abort(reason);
  });
});

describe('a consumer that leaves', () => {
  it('closes the connection', async () => {
    const { upstream, call } = await start(openStream);
    for await (const _ of call()) break;
    await until('the call is aborted', () => upstream.aborted === 1);
  });

  it('closes the connection of a provider that continues to send', async () => {
    const { upstream, call } = await start((response) => {
      beginStream(response);
      const line = `data: ${JSON.stringify(chatChunk({ content: 'x' }))}\n\n`;
      const pump = () => {
        while (!response.destroyed && response.write(line));
      };
      response.on('drain', pump);
      pump();
    });
    let seen = 0;
    for await (const _ of call()) if (++seen === 100) break;
    await until('the call is aborted', () => upstream.aborted === 1);
  });
});
