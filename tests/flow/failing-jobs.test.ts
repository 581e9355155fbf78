/** What jobs that fail cost, and whom they keep waiting. */
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';
import { JournalProbe } from '../stack/journal-probe.ts';
import { chat, Stack } from '../stack/stack.ts';
import { callLimit } from './scenarios/call-limit.ts';
import { poison } from './scenarios/poison.ts';
import { exceeded } from './scenarios/scenario.ts';

const chunk = (delta: object, finish_reason: string | null = null) =>
  `data: ${JSON.stringify({ id: 'c1', object: 'chat.completion.chunk', model: 'm', choices: [{ index: 0, delta, finish_reason }] })}\n\n`;

function answer(response: ServerResponse, end: string): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.end(`${chunk({ role: 'assistant', content: 'Hello' })}${end}`);
}

/** A provider that answers one kind of request with an event that is not JSON, and counts its calls. */
async function startProvider(): Promise<{ url: string; calls: Record<'well' | 'unreadable', number>; server: Server }> {
  const calls = { well: 0, unreadable: 0 };
  const server = createServer(async (request, response) => {
    const kind = (await text(request)).includes('poison') ? 'unreadable' : 'well';
    calls[kind] += 1;
    answer(response, kind === 'well' ? `${chunk({}, 'stop')}data: [DONE]\n\n` : 'data: {"choices": [{,}]}\n\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, calls, server };
}

describe('an answer that can’t be read', () => {
  it('costs six calls, fails its job with what the provider sent, and delays no other of its tenant', async () => {
    const { url, calls, server } = await startProvider();
    const stack = await Stack.start({ env: { OPENAI_BASE_URL: url } });
    try {
      const submit = (content: string) => stack.client.submit(chat('own', '', content));
      const [poisoned, ...others] = await Promise.all(['poison', ...Array.from({ length: 10 }, () => 'x')].map(submit));
      const [failed, ...ended] = await Promise.all(
        [poisoned, ...others].map((one) => stack.client.wait(one?.job.id ?? '')),
      );
      expect(ended.map(({ status, provider_calls }) => [status, provider_calls])).toEqual(
        others.map(() => ['completed', 1]),
      );
      expect(failed).toMatchObject({ status: 'failed', provider_calls: 6, error: { code: 'provider_bad_response' } });
      expect(failed?.error?.message).toMatch(/^main /);
      expect(calls).toEqual({ well: 10, unreadable: 6 });
      expect(stack.logs).not.toContain('breaker opened');
    } finally {
      await stack.close();
      server.close();
    }
  });
});

describe('an answer that is paid for in vain', () => {
  it('costs as many calls as the lane allows, and fails its job with what the provider sent', async () => {
    const stack = await Stack.start(callLimit.stack);
    try {
      const { counts, job } = await callLimit.play({ stack });
      expect(exceeded(callLimit, counts)).toEqual([]);
      expect(job).toMatchObject({ status: 'failed', provider_calls: counts.calls });
      expect(job.error).toMatchObject({ code: 'provider_unavailable', status: 502, provider: 'main' });
      expect(job.error?.message).toMatch(/^main answered 502.*max_calls/);
    } finally {
      await stack.close();
    }
  });
});

describe('a tenant whose jobs all fail', () => {
  it('keeps nobody else waiting for more than a turn', async () => {
    const stack = await Stack.start(poison.stack);
    const probe = await JournalProbe.open(stack);
    try {
      const { counts } = await poison.play({ stack, probe }, 60_000);
      expect(exceeded(poison, counts)).toEqual([]);
    } finally {
      await probe.close();
      await stack.close();
    }
  });
});
