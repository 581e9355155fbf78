import { lanesSchema, type ProviderEvent } from '@holdfast/core';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  answerJson,
  beginStream,
  type FakeUpstream,
  shortChat,
  sse,
  startUpstream,
} from '../../../../packages/providers/testing/fake-upstream.ts';
import { createLanes } from './lane-providers.ts';

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const keys = { MAIN_KEY: 'the-main-key', AZURE_KEY: 'the-azure-key' };

let upstream: FakeUpstream;
afterEach(() => upstream.stop());

/** What a provider of the config file is sent, and what comes back. */
async function call(settings: object, serve = answerStreamed) {
  upstream = await startUpstream(serve);
  const provider = { name: 'main', base_url: upstream.baseUrl, ...settings };
  const config = lanesSchema.parse({ main: { models: ['*'], providers: [provider] } });
  const lane = createLanes(config, keys, 1_000_000, silent).get('main');
  const events: ProviderEvent[] = [];
  const body = { model: 'gpt-5', messages: [] };
  const signal = new AbortController().signal;
  const calls = lane?.providers[0].provider.call({ endpoint: 'chat.completions', body, signal });
  for await (const event of calls ?? []) events.push(event);
  return { sent: upstream.requests[0], events };
}

const answerStreamed: Parameters<typeof startUpstream>[0] = (response) => {
  beginStream(response, ...shortChat);
  response.end(sse('[DONE]'));
};

describe('a provider of the config file', () => {
  it('is sent its key, and is asked for a stream with its usage', async () => {
    const { sent } = await call({ api_key_env: 'MAIN_KEY' });
    expect(sent?.headers.authorization).toBe('Bearer the-main-key');
    expect(sent?.body).toMatchObject({ stream: true, stream_options: { include_usage: true } });
  });

  it('is sent headers, from the environment where they are secret, a query, and its own name of the model', async () => {
    const { sent } = await call({
      headers: { 'api-key': { env: 'AZURE_KEY' }, 'x-team': 'one' },
      query: { 'api-version': '2024-10-21' },
      models: { 'gpt-5': 'deployment-1' },
    });
    expect(sent?.headers).toMatchObject({ 'api-key': 'the-azure-key', 'x-team': 'one' });
    expect(sent?.headers).not.toHaveProperty('authorization');
    expect(sent?.path).toBe('/v1/chat/completions?api-version=2024-10-21');
    expect(sent?.body.model).toBe('deployment-1');
  });

  it('is asked for a stream without options, or for one piece, where it says so', async () => {
    const { sent } = await call({ stream_options: false });
    expect(sent?.body).toMatchObject({ stream: true });
    expect(sent?.body).not.toHaveProperty('stream_options');
    await upstream.stop();
    const choices = [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }];
    const whole = await call({ stream: false }, (response) => answerJson(response, 200, { choices }));
    expect(whole.sent?.body).not.toHaveProperty('stream');
    expect(whole.events).toMatchObject([{ kind: 'text', text: 'Hi' }, { kind: 'result' }]);
  });

  it('is left when it says nothing for longer than it may', async () => {
    const silence = call({ idle_timeout_ms: 100 }, (response) => {
      beginStream(response, ...shortChat.slice(0, 2));
    });
    await expect(silence).rejects.toMatchObject({ code: 'provider_stalled' });
    await upstream.stop();
    const mute = call({ first_byte_timeout_ms: 100 }, () => undefined);
    await expect(mute).rejects.toMatchObject({ code: 'provider_timeout' });
  });
});
