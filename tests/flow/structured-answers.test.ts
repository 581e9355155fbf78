/** `extract` with providers whose answers aren't strict, over HTTP and with real processes: read, or asked again, as cheaply as can be. */
import type { ServerResponse } from 'node:http';
import type { JsonObject } from '@holdfast/core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  answerJson,
  beginStream,
  chatChunk,
  type FakeUpstream,
  startUpstream,
} from '../../packages/providers/testing/fake-upstream.ts';
import { Stack } from '../stack/stack.ts';

const good = '{"company":"Acme"}';

let upstream: FakeUpstream;
let answers: (response: ServerResponse, format: string | undefined) => void;
let stack: Stack;
beforeAll(async () => {
  upstream = await startUpstream((response, { body }) => {
    answers(response, (body.response_format as { type: string } | undefined)?.type);
  });
  const providers = [{ name: 'loose', base_url: upstream.baseUrl }];
  const tasks = { extract: { model: 'loose-1' } };
  stack = await Stack.start({ config: () => ({ lanes: { loose: { models: ['loose-*'], providers } }, tasks }) });
});
beforeEach(() => {
  upstream.requests.length = 0;
});
afterAll(() => Promise.all([stack?.close(), upstream?.stop()]));

function say(response: ServerResponse, delta: JsonObject): void {
  beginStream(response, chatChunk({ role: 'assistant', ...delta }), chatChunk({}, { finish_reason: 'stop' }));
  response.end('data: [DONE]\n\n');
}

function refuse(response: ServerResponse, message: string, param: string | null = null): void {
  answerJson(response, 400, { error: { message, type: 'invalid_request_error', param, code: null } });
}

async function extract() {
  const input = { text: 'Acme pays.', fields: [{ name: 'company' }] };
  const { job } = await stack.client.submit({ task: 'extract', input });
  return stack.client.wait(job.id);
}

const formats = () =>
  upstream.requests.map(({ body }) => (body.response_format as { type: string } | undefined)?.type ?? 'none');

describe('extract', () => {
  it.each([
    ['in a code fence', `\`\`\`json\n${good}\n\`\`\``],
    ['after thoughts', `<think>\nAcme it is.\n</think>\n\n${good}`],
    ['with white space around it', `\n\n ${good} \n`],
    ['with words around it', `Here you are: ${good}. Anything else?`],
  ])('reads an answer %s, and pays once', async (_, content) => {
    answers = (response) => say(response, { content });
    expect(await extract()).toMatchObject({ status: 'completed', output: { company: 'Acme' }, provider_calls: 1 });
  });

  it('asks again where the model has only thought', async () => {
    const said = [{ content: null, reasoning_content: 'Hm.' }, { content: good }];
    answers = (response) => say(response, said.shift() ?? {});
    expect(await extract()).toMatchObject({ status: 'completed', output: { company: 'Acme' }, attempt: 1 });
    expect(formats()).toEqual(['json_schema', 'json_schema']);
  });

  // The last one: what it teaches the worker holds for those after it.
  it('asks in the format that the provider takes, and the next job does so at once', async () => {
    answers = (response, format) => {
      if (format === 'json_schema') refuse(response, 'This response_format type is unavailable now');
      else if (format === 'json_object') refuse(response, 'Not supported with this model.', 'response_format');
      else say(response, { content: good });
    };
    expect(await extract()).toMatchObject({ status: 'completed', output: { company: 'Acme' }, attempt: 1 });
    expect(formats()).toEqual(['json_schema', 'json_object', 'none']);
    expect(JSON.stringify(upstream.requests.at(-1)?.body.messages)).toContain('JSON Schema');
    upstream.requests.length = 0;
    expect(await extract()).toMatchObject({ status: 'completed', provider_calls: 1 });
    expect(formats()).toEqual(['none']);
  });
});
