/** Traces that nobody takes: without a collector, with one that is away or never answers, and with nothing sampled. */
import { formatTraceparent, parseTraceparent, type TraceContext } from '@holdfast/core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  beginStream,
  type FakeUpstream,
  shortChat,
  sse,
  startUpstream,
} from '../../packages/providers/testing/fake-upstream.ts';
import { Collector } from '../../packages/service/testing/collector.ts';
import { JournalProbe } from '../stack/journal-probe.ts';
import { apiKey, freePort, type Service, type ServiceName, Stack, until } from '../stack/stack.ts';

/** Loaded before a process: it says which modules of the SDK are loaded. */
const sdkWatch = `data:text/javascript,${encodeURIComponent(`
import { registerHooks } from 'node:module';
registerHooks({
  load(url, context, next) {
    if (/@opentelemetry\\/(?!api\\/)/.test(url)) console.log('SDK loaded');
    return next(url, context);
  },
});
`)}`;

const PROMPT = 'tangerine-17';
const caller: TraceContext = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), isSampled: true };
const traceparent = formatTraceparent(caller);

let upstream: FakeUpstream;
let stack: Stack;
let probe: JournalProbe;
const collectors: Collector[] = [];
beforeAll(async () => {
  upstream = await startUpstream((response) => {
    beginStream(response, ...shortChat);
    response.end(sse('[DONE]'));
  });
  stack = await Stack.start({
    workers: 0,
    env: { OPENAI_BASE_URL: upstream.baseUrl },
    launch: { api: { preload: sdkWatch }, worker: { preload: sdkWatch } },
  });
  probe = await JournalProbe.open(stack);
});
afterEach(async () => {
  for (const collector of collectors.splice(0)) await collector.close();
});
afterAll(async () => {
  await probe?.close();
  await stack?.close();
  await upstream?.stop();
});

async function startCollector(options?: { answers: boolean }): Promise<Collector> {
  const collector = await Collector.start(options);
  collectors.push(collector);
  return collector;
}

async function submit(headers: Record<string, string> = {}, apiUrl = stack.apiUrl): Promise<string> {
  const response = await fetch(`${apiUrl}/v1/jobs`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({
      task: 'chat.completions',
      input: { model: 'sim', messages: [{ role: 'user', content: PROMPT }] },
    }),
  });
  return ((await response.json()) as { id: string }).id;
}

/** An API and a worker. */
interface Pair {
  url: string;
  processes: Service[];
}

async function startPair(env: NodeJS.ProcessEnv): Promise<Pair> {
  const before = stack.running('api').length;
  await stack.startApi(env);
  const processes = [...stack.running('api').slice(before), await stack.start('worker', env)];
  return { url: stack.apiUrls.at(-1) ?? '', processes };
}

/** A job through both, to its end. */
async function runThrough({ url, processes }: Pair, headers: Record<string, string> = {}) {
  const id = await submit(headers, url);
  const job = await stack.client.wait(id);
  return { id, job, processes, record: await probe.field(id, 'traceparent') };
}

const runJob = async (env: NodeJS.ProcessEnv, headers?: Record<string, string>) =>
  runThrough(await startPair(env), headers);

const endAll = (processes: readonly Service[]) => Promise.all(processes.map((process) => process.end()));
const saidOf = (name: ServiceName) => stack.running(name).map(({ log }) => log.split('SDK loaded').length - 1);

describe('without a collector', () => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await startPair({});
  });

  it('the record has no field, and the provider is sent none', async () => {
    const { id, job, record } = await runThrough(pair);
    expect([job.status, record]).toEqual(['completed', null]);
    expect(await probe.journal.get(id)).toMatchObject({ trace: null });
    expect(upstream.requests.at(-1)?.headers).not.toHaveProperty('traceparent');
  });

  it('a job keeps the trace that its caller sent, for the log and for workers that export', async () => {
    const { id, processes, record } = await runThrough(pair, { traceparent });
    expect(record).toBe(traceparent);
    await until('the attempt is logged', () => processes[1]?.log.includes(id));
    expect(processes[1]?.log).toContain(`"traceId":"${caller.traceId}"`);
    expect(upstream.requests.at(-1)?.headers).not.toHaveProperty('traceparent');
  });

  it('a traceparent that is not valid counts as not sent', async () => {
    const { record } = await runThrough(pair, { traceparent: `00-${'0'.repeat(32)}-${caller.spanId}-01` });
    expect(record).toBeNull();
  });

  it('no module of the SDK is loaded', async () => {
    expect([saidOf('api'), saidOf('worker')]).toEqual([[0, 0], [0]]);
    await endAll(pair.processes);
    // It would be seen if one were.
    const { url } = await startCollector();
    const other = await stack.start('worker', { OTEL_EXPORTER_OTLP_ENDPOINT: url });
    expect(other.log).toContain('SDK loaded');
    await other.end();
    const disabled = await stack.start('worker', { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_SDK_DISABLED: 'true' });
    expect(disabled.log).not.toContain('SDK loaded');
    await disabled.end();
  });
});

describe('a provider', () => {
  it('is sent the trace where the settings ask for it: the call’s span, or what the caller sent', async () => {
    const off = await runJob({ OTEL_PROPAGATE_TO_PROVIDERS: 'true' }, { traceparent });
    expect(upstream.requests.at(-1)?.headers.traceparent).toBe(traceparent);
    await endAll(off.processes);
    const collector = await startCollector();
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_PROPAGATE_TO_PROVIDERS: 'true' };
    const on = await runJob(env, { traceparent });
    await endAll(on.processes);
    const call = collector.spans.find(({ name }) => name === 'chat sim');
    expect(parseTraceparent(upstream.requests.at(-1)?.headers.traceparent as string)).toEqual({
      traceId: caller.traceId,
      spanId: call?.spanId,
      isSampled: true,
    });
  });
});

describe('a collector', () => {
  it('that is away delays and fails nothing, and is logged once', async () => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${await freePort()}` };
    const { job, processes } = await runJob(env);
    expect(job.status).toBe('completed');
    const warning = 'the collector takes no traces';
    for (const process of processes) await process.saying(warning);
    await stack.client.wait(await submit());
    await endAll(processes);
    for (const { log, child } of processes) {
      expect(log.split(warning)).toHaveLength(2);
      expect(child.exitCode).toBe(0);
    }
  });

  it('that never answers delays and fails nothing, nor the end of a process', async () => {
    const collector = await startCollector({ answers: false });
    const { job, processes } = await runJob({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
    expect(job.status).toBe('completed');
    await until('it was sent spans', () => collector.bodies.length > 0);
    await stack.client.wait(await submit());
    await endAll(processes);
    expect(processes.map(({ child }) => child.exitCode)).toEqual([0, 0]);
  });

  it('is sent nothing where nothing is sampled', async () => {
    const collector = await startCollector();
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_TRACES_SAMPLER: 'always_off' };
    const { job, processes, record } = await runJob(env);
    expect(job.status).toBe('completed');
    // A worker that samples by its parent obeys.
    expect(record).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-00$/);
    await endAll(processes);
    expect(collector.bodies).toEqual([]);
  });

  it('is sent prompts and answers where the settings ask for that, and no key', async () => {
    const collector = await startCollector();
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_CAPTURE_CONTENT: 'true' };
    const { processes } = await runJob(env);
    await endAll(processes);
    const call = collector.spans.find(({ name }) => name === 'chat sim');
    expect(call?.attributes['gen_ai.input.messages']).toContain(PROMPT);
    expect(call?.attributes['gen_ai.output.messages']).toContain('Hello');
    expect(collector.bodies.join('\n')).not.toContain(apiKey);
  });
});
