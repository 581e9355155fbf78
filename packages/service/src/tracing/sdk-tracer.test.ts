import type { Logger, Tracer } from '@holdfast/core';
import { afterEach, describe, expect, it } from '@jest/globals';
import { until } from '../../../core/testing/until.ts';
import { Collector } from '../../testing/collector.ts';
import { startSdk } from './sdk-tracer.ts';
import type { TracingConfig } from './tracing-config.ts';

const closers: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

interface Started {
  tracer: Tracer;
  close: () => Promise<void>;
  /** What it has logged. */
  lines: string[];
}

function start(url: string, change: Partial<TracingConfig> = {}): Started {
  const lines: string[] = [];
  const note = (_fields: object, message: string) => void lines.push(message);
  const logger: Logger = { debug: note, info: note, warn: note, error: note };
  const given: TracingConfig = {
    url: `${url}/v1/traces`,
    headers: { 'x-key': 'secret' },
    resource: { 'service.name': 'test' },
    sampler: 'parentbased_always_on',
    ratio: 1,
    capturesContent: false,
  };
  const started = startSdk({ ...given, ...change }, logger);
  closers.push(started.close);
  return { ...started, lines };
}

async function startCollector(options?: { answers: boolean }): Promise<Collector> {
  const collector = await Collector.start(options);
  closers.push(() => collector.close());
  return collector;
}

const parent = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), isSampled: true };

describe('a span', () => {
  it('is sent to the collector with its parent, links, attributes and events, at the latest when the process ends', async () => {
    const collector = await startCollector();
    const { tracer, close } = start(collector.url);
    const link = { traceId: 'c'.repeat(32), spanId: 'd'.repeat(16), isSampled: true };
    const startedAt = Date.now() - 5_000;
    const span = tracer.start('work', {
      kind: 'client',
      parent,
      links: [link],
      startedAt,
      attributes: { a: 1, b: undefined },
    });
    span.event('seen', { names: ['x', 'y'] });
    span.link(parent);
    span.end('broken');
    await close();
    expect(collector.headers[0]).toMatchObject({ 'x-key': 'secret', 'content-type': 'application/json' });
    expect(collector.spans).toEqual([
      expect.objectContaining({
        traceId: parent.traceId,
        parentId: parent.spanId,
        spanId: span.context.spanId,
        kind: 'client',
        start: startedAt,
        attributes: { a: 1, 'error.type': 'broken' },
        events: [{ name: 'seen', attributes: { names: ['x', 'y'] } }],
        links: [link, parent].map(({ traceId, spanId }) => ({ traceId, spanId })),
        hasFailed: true,
        resource: { 'service.name': 'test' },
      }),
    ]);
  });

  it('ends once', async () => {
    const collector = await startCollector();
    const { tracer, close } = start(collector.url);
    const span = tracer.start('work', { parent: null });
    span.end();
    span.end('late');
    span.set({ late: 1 });
    span.event('late');
    await close();
    expect(collector.spans).toMatchObject([{ parentId: null, attributes: {}, events: [], hasFailed: false }]);
  });

  it('is not sent where its trace is not sampled, and says so to what is called from it', async () => {
    const collector = await startCollector();
    const { tracer, close } = start(collector.url);
    const off = start(collector.url, { sampler: 'always_off' });
    const none = start(collector.url, { sampler: 'traceidratio', ratio: 0 });
    const spans = [
      tracer.start('not its parent’s wish', { parent: { ...parent, isSampled: false } }),
      off.tracer.start('off', { parent }),
      none.tracer.start('none', { parent }),
    ];
    for (const span of spans) span.end();
    expect(spans.map(({ context }) => context)).toEqual(
      spans.map(({ context }) => ({ traceId: parent.traceId, spanId: context.spanId, isSampled: false })),
    );
    for (const started of [{ close }, off, none]) await started.close();
    expect(collector.bodies).toEqual([]);
  });
});

describe('a collector', () => {
  it('that never answers is not waited for at the end', async () => {
    const collector = await startCollector({ answers: false });
    const { tracer, close, lines } = start(collector.url);
    tracer.start('work', { parent: null }).end();
    await close();
    expect(collector.spans).toHaveLength(1);
    // The export itself has not failed yet: that would be logged.
    expect(lines).toEqual([]);
    await collector.close();
    await until('the export fails', () => lines.length > 0);
  });

  it('that is away, and comes back, is logged once each', async () => {
    const gone = await Collector.start();
    const { port } = new URL(gone.url);
    await gone.close();
    const { tracer, close, lines } = start(gone.url);
    const endOne = () => tracer.start('work', { parent: null }).end();
    endOne();
    await until('its absence is logged', () => lines.length > 0);
    const back = await Collector.start({ port: Number(port) });
    closers.push(() => back.close());
    await until('spans arrive', () => {
      endOne();
      return back.spans.length > 0;
    });
    await until('its return is logged', () => lines.length > 1);
    await close();
    expect(lines).toEqual(['the collector takes no traces: spans are dropped', 'the collector takes traces again']);
  });
});
