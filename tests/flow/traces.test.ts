/** One trace from the submit through queue, worker and provider call to those who attach, as a collector is sent it. */
import { formatTraceparent, parseTraceparent, type TraceContext } from '@holdfast/core';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type CollectedSpan, Collector, treeOf } from '../../packages/service/testing/collector.ts';
import { JournalProbe } from '../stack/journal-probe.ts';
import { apiKey, chat, type ServiceName, Stack, until } from '../stack/stack.ts';
import { TaskFolder } from '../stack/task-folder.ts';

const SECRET = 'tangerine-17';
const QUICK = 'tokens=5&ttft_ms=0&itl_ms=0';

const twoCalls = `import { defineTask } from '@holdfast/tasks';
import { z } from 'zod';

export const report = defineTask({
  name: 'report',
  summary: 'Notes, then a report.',
  model: 'sim-background',
  input: z.strictObject({ text: z.string() }),
  output: z.string(),
  async run({ text }, ctx) {
    const notes = await ctx.step('notes', () => ctx.generate({ prompt: text, maxOutputTokens: 50 }));
    await ctx.step('check', () => notes.length);
    return ctx.generate({ prompt: notes });
  },
});
`;

let tasks: TaskFolder;
let collector: Collector;
let stack: Stack;
let probe: JournalProbe;
beforeAll(async () => {
  tasks = new TaskFolder();
  const path = tasks.write('report.ts', twoCalls);
  collector = await Collector.start();
  stack = await Stack.start({
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_RESOURCE_ATTRIBUTES: 'region=eu', LOG_LEVEL: 'debug' },
    config: (providerUrl) => {
      const providers = [{ name: 'main', base_url: providerUrl }];
      return {
        lanes: {
          background: { models: ['sim-background'], providers, background: true },
          plain: { models: ['*'], providers },
        },
        task_files: [path],
      };
    },
  });
  probe = await JournalProbe.open(stack);
});
afterAll(async () => {
  await probe?.close();
  await stack?.close();
  await collector?.close();
  tasks?.remove();
});

interface Sent {
  id: string;
  /** Of the span that submitted it. */
  trace: TraceContext;
}

async function submit(body: object, headers: Record<string, string> = {}): Promise<Sent> {
  const response = await stack.fetch('/v1/jobs', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  const { id } = (await response.json()) as { id: string };
  const stored = await probe.field(id, 'traceparent');
  const trace = parseTraceparent(stored ?? undefined);
  if (!trace) throw new Error(`the record of ${id} has no trace: ${stored}`);
  return { id, trace };
}

/** Waits until the trace has spans that are enough. */
async function untilSpans({ trace }: Sent, isEnough: (spans: CollectedSpan[]) => boolean): Promise<CollectedSpan[]> {
  const spans = () => collector.ofTrace(trace.traceId);
  await until('the spans are there', () => isEnough(spans()));
  return spans();
}

/** Waits until the trace has so many spans, and expects it to look so. */
async function untilTree(sent: Sent, lines: string[], parentId: string | null = null): Promise<CollectedSpan[]> {
  const spans = await untilSpans(sent, (found) => treeOf(found, parentId).length >= lines.length);
  expect(treeOf(spans, parentId)).toEqual(lines);
  return spans;
}

const named = (spans: readonly CollectedSpan[], name: string, at = 0): CollectedSpan => {
  const found = spans.filter((span) => span.name === name).sort((a, b) => a.start - b.start)[at];
  if (!found) throw new Error(`no span ${name}`);
  return found;
};

const logLines = (name: ServiceName, jobId: string) =>
  stack
    .running(name)
    .flatMap(({ log }) => log.split('\n').slice(0, -1))
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter((line) => line.jobId === jobId);

const caller: TraceContext = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), isSampled: true };

describe('the trace of a job', () => {
  it('goes from the submit to the provider call, by the conventions', async () => {
    const sent = await submit(chat('plain', QUICK, SECRET));
    const job = await stack.client.wait(sent.id);
    const spans = await untilTree(sent, [
      'POST /v1/jobs',
      '  process plain (1, completed)',
      '    chat sim',
      '  receive plain',
    ]);
    const server = named(spans, 'POST /v1/jobs');
    expect(server.spanId).toBe(sent.trace.spanId);
    expect(server).toMatchObject({
      kind: 'server',
      resource: { 'service.name': 'holdfast-api', region: 'eu' },
      attributes: { 'http.route': '/v1/jobs', 'http.response.status_code': 202, 'holdfast.job.id': sent.id },
    });
    const message = { 'messaging.system': 'holdfast', 'messaging.destination.name': 'plain' };
    expect(named(spans, 'receive plain')).toMatchObject({ kind: 'client', attributes: message });
    expect(named(spans, 'process plain')).toMatchObject({
      kind: 'consumer',
      resource: { 'service.name': 'holdfast-worker' },
      attributes: { ...message, 'messaging.message.id': sent.id, 'holdfast.task': 'chat.completions' },
    });
    expect(named(spans, 'chat sim')).toMatchObject({
      kind: 'client',
      attributes: {
        'gen_ai.operation.name': 'chat',
        'gen_ai.provider.name': 'main',
        'gen_ai.request.model': 'sim',
        'gen_ai.response.model': 'sim',
        'gen_ai.response.finish_reasons': ['stop'],
        'gen_ai.usage.input_tokens': job.usage?.input_tokens,
        'gen_ai.usage.output_tokens': 5,
        'gen_ai.response.time_to_first_chunk': expect.any(Number),
      },
    });
  });

  it('is its caller’s, where the caller has sent one', async () => {
    const sent = await submit(chat('callers', QUICK), { traceparent: formatTraceparent(caller) });
    expect(sent.trace.traceId).toBe(caller.traceId);
    expect(sent.trace.spanId).not.toBe(caller.spanId);
    await untilTree(
      sent,
      ['POST /v1/jobs', '  process plain (1, completed)', '    chat sim', '  receive plain'],
      caller.spanId,
    );
  });

  it('is in the log lines of both processes, and for admins in the record; its client is not shown it', async () => {
    const sent = await submit(chat('logged', QUICK));
    const job = await stack.client.wait(sent.id);
    const { traceId } = sent.trace;
    const over = await until('the attempt is logged', () =>
      logLines('worker', sent.id).find(({ msg }) => msg === 'attempt over'),
    );
    expect(over).toMatchObject({ jobId: sent.id, traceId, requestId: expect.any(String) });
    expect(logLines('api', sent.id).find(({ msg }) => msg === 'request')).toMatchObject({ traceId });
    expect(await probe.journal.get(sent.id)).toMatchObject({ trace: sent.trace });
    expect(JSON.stringify(job)).not.toContain(traceId);
    const { record } = probe.journal.keysOf(sent.id);
    expect(await probe.redis.object('ENCODING', record)).toBe('listpack');
  });

  it('has an attempt for each failure that is retried, and what it failed with', async () => {
    const sent = await submit(chat('retried', `${QUICK}&fail=503`));
    await stack.client.wait(sent.id);
    const [, failed = ''] = treeOf(await untilSpans(sent, ({ length }) => length >= 7));
    const code = /retry, (\w+)/.exec(failed)?.[1] ?? '';
    expect(code).toMatch(/^provider_/);
    const spans = await untilTree(sent, [
      'POST /v1/jobs',
      `  process plain (1, retry, ${code})`,
      `    chat sim (${code})`,
      '  process plain (2, completed)',
      '    chat sim',
      '  receive plain',
      '  receive plain',
    ]);
    const first = named(spans, 'process plain');
    expect(first.events).toEqual([{ name: 'retry', attributes: { 'holdfast.delay_ms': expect.any(Number) } }]);
    expect(named(spans, 'chat sim').events).toContainEqual({
      name: 'provider.failed',
      attributes: { 'gen_ai.provider.name': 'main', 'error.type': code, 'http.response.status_code': 503 },
    });
    // The second wait begins when the retry is due: after the first attempt.
    expect(named(spans, 'receive plain', 1).start).toBeGreaterThanOrEqual(first.start);
  });

  it('has the steps of a task, with the calls that they make', async () => {
    const sent = await submit({ task: 'report', input: { text: SECRET }, metadata: { case: 'steps', sim: QUICK } });
    await stack.client.wait(sent.id);
    await untilTree(sent, [
      'POST /v1/jobs',
      '  process background (1, completed)',
      '    chat sim-background',
      '    step check',
      '    step notes',
      '      chat sim-background',
      '  receive background',
    ]);
  });

  it('goes on after its worker was killed, with a link to the call that is resumed', async () => {
    const name = 'killed';
    const sent = await submit({
      task: 'report',
      input: { text: 'long' },
      metadata: { case: name, sim: 'tokens=60&itl_ms=2&pause_after=30' },
    });
    const calls = () => probe.redis.hgetall(probe.journal.keysOf(sent.id).calls);
    // Known to the journal with its response: it can be resumed.
    const open = await until('the call is known', async () =>
      Object.entries(await calls()).find(([field, value]) => field.startsWith('call:') && value.includes('resp_')),
    );
    const { span } = JSON.parse(open[1]) as { span: string };
    const [worker] = stack.running('worker');
    await worker?.end('SIGKILL');
    await stack.goOn(name);
    await stack.start('worker');
    await stack.client.wait(sent.id);
    const isSecond = ({ attributes }: CollectedSpan) => attributes['holdfast.attempt'] === 2;
    const spans = await untilSpans(sent, (found) => found.some(isSecond));
    const resumed = spans.find(({ links }) => links.length > 0);
    expect(resumed?.links).toEqual([{ traceId: sent.trace.traceId, spanId: span }]);
    expect(resumed?.events).toContainEqual({ name: 'call.resumed', attributes: { 'gen_ai.provider.name': 'main' } });
    expect(spans.find(isSecond)).toMatchObject({ parentId: sent.trace.spanId, attributes: { 'holdfast.crashes': 1 } });
    expect((await stack.providerCalls(name)).calls).toBe(2);
  });

  it('of a follower has a link to its leader’s', async () => {
    const equal = { ...chat('equal', `${QUICK}&seed=4`), cache: { ttl_s: 60 } };
    const leader = await submit(equal);
    await stack.client.wait(leader.id);
    const follower = await submit(equal);
    await stack.client.wait(follower.id);
    expect(follower.trace.traceId).not.toBe(leader.trace.traceId);
    const spans = await untilTree(follower, [
      'POST /v1/jobs',
      '  process ~followers (1, completed)',
      '  receive ~followers',
    ]);
    const { links, attributes } = named(spans, 'process ~followers');
    expect(links).toEqual([{ traceId: leader.trace.traceId, spanId: leader.trace.spanId }]);
    expect(attributes['holdfast.leader.id']).toBe(leader.id);
  });

  it('is linked to by a submit that finds the job', async () => {
    const headers = { 'idempotency-key': 'again' };
    const first = await submit(chat('again', QUICK), headers);
    const second = await submit(chat('again', QUICK), headers);
    expect(second).toEqual(first);
    const replay = await until('the replay is there', () =>
      collector.spans.find(
        ({ attributes: { 'holdfast.job.id': id, 'holdfast.submit.result': result } }) =>
          id === first.id && result === 'replayed',
      ),
    );
    expect(replay.traceId).not.toBe(first.trace.traceId);
    expect(replay.links).toEqual([{ traceId: first.trace.traceId, spanId: first.trace.spanId }]);
  });
});

describe('an attached reader', () => {
  const attach = async (id: string, headers: Record<string, string> = {}) =>
    (await stack.fetch(`/v1/jobs/${id}/events`, { headers })).text();
  const name = 'GET /v1/jobs/{id}/events';

  it('is in the job’s trace', async () => {
    const sent = await submit(chat('attached', 'tokens=20&itl_ms=1'));
    await attach(sent.id);
    const spans = await untilTree(sent, [
      'POST /v1/jobs',
      `  ${name}`,
      '  process plain (1, completed)',
      '    chat sim',
      '  receive plain',
    ]);
    expect(named(spans, name)).toMatchObject({ kind: 'server', links: [], attributes: { 'holdfast.job.id': sent.id } });
  });

  it('that has a trace of its own stays in it, with a link to the job’s', async () => {
    const sent = await submit(chat('attached elsewhere', QUICK));
    const own: TraceContext = { traceId: 'c'.repeat(32), spanId: 'd'.repeat(16), isSampled: true };
    await attach(sent.id, { traceparent: formatTraceparent(own) });
    const span = await until('the span is there', () => collector.ofTrace(own.traceId)[0]);
    expect(span).toMatchObject({ name, parentId: own.spanId });
    expect(span.links).toEqual([{ traceId: sent.trace.traceId, spanId: sent.trace.spanId }]);
  });
});

describe('what is exported', () => {
  it('has no prompt, no answer and no key', async () => {
    const { job } = await stack.client.submit(chat('secrets', QUICK, SECRET));
    const { output_text: answer } = await stack.client.wait(job.id);
    await until('its spans are there', () =>
      collector.spans.some(
        ({ attributes }) => attributes['holdfast.outcome'] && attributes['holdfast.job.id'] === job.id,
      ),
    );
    const sent = collector.bodies.join('\n');
    expect(sent).toContain('gen_ai.usage.output_tokens');
    expect(answer?.length).toBeGreaterThan(5);
    for (const secret of [SECRET, String(answer), apiKey, 'Say something.']) expect(sent).not.toContain(secret);
  });
});
