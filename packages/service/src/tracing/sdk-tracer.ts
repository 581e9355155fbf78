/**
 * The tracer over OpenTelemetry's SDK. The only file that imports it, and only `open-tracing.ts` loads this file.
 *
 *   1. a span that has ended waits in memory, with at most 2,047 others: further ones are dropped
 *   2. once a second they are sent to the collector, which gets 5 s to answer
 *   3. at the end of the process the rest is sent, within 2 s
 *
 * Nothing waits for a collector, and no failure of it gets further than the log.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger, Span, SpanAttributes, SpanStart, TraceContext, Tracer } from '@holdfast/core';
import {
  type Attributes,
  ROOT_CONTEXT,
  type Span as SdkSpan,
  type Tracer as SdkTracer,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { TracingConfig } from './tracing-config.ts';
import { WatchedExporter } from './watched-exporter.ts';

const EXPORT_EVERY_MS = 1_000;
const EXPORT_TIMEOUT_MS = 5_000;
const LAST_EXPORT_MS = 2_000;
const MAX_WAITING_SPANS = 2_048;
/** Of one attribute: with content, a prompt may be as long as a body may. */
const MAX_ATTRIBUTE_LENGTH = 65_536;

const kinds = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  consumer: SpanKind.CONSUMER,
} as const;

export function startSdk(config: TracingConfig, logger: Logger): { tracer: Tracer; close: () => Promise<void> } {
  const { url, headers, resource, capturesContent } = config;
  const exporter = new OTLPTraceExporter({ url, headers: { ...headers }, timeoutMillis: EXPORT_TIMEOUT_MS });
  const provider = new TracerProvider({
    resource: resourceFromAttributes(resource),
    sampler: samplerOf(config),
    spanLimits: { attributeValueLengthLimit: MAX_ATTRIBUTE_LENGTH },
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: new WatchedExporter(exporter, logger),
        scheduledDelayMillis: EXPORT_EVERY_MS,
        // The exporter gives up first: its failure is the one in the log.
        exportTimeoutMillis: 2 * EXPORT_TIMEOUT_MS,
        maxQueueSize: MAX_WAITING_SPANS,
      }),
    ],
  });
  const sdk = provider.getTracer('holdfast');
  return {
    tracer: { capturesContent, start: (name, options) => startSpan(sdk, name, options) },
    close: () => within(provider.shutdown(), LAST_EXPORT_MS),
  };
}

/** Resolves once it is done, has failed (which is in the log by then), or has taken too long. */
async function within(done: Promise<void>, ms: number): Promise<void> {
  const over = new AbortController();
  const late = delay(ms, undefined, { signal: over.signal });
  await Promise.race([done, late]).catch(() => undefined);
  over.abort();
  await late.catch(() => undefined);
}

function samplerOf({ sampler, ratio }: TracingConfig): Sampler {
  const basedOnParent = sampler.startsWith('parentbased_');
  const root = rootSampler(sampler.replace('parentbased_', ''), ratio);
  return basedOnParent ? new ParentBasedSampler({ root }) : root;
}

function rootSampler(name: string, ratio: number): Sampler {
  if (name === 'always_off') return new AlwaysOffSampler();
  return name === 'traceidratio' ? new TraceIdRatioBasedSampler(ratio) : new AlwaysOnSampler();
}

function startSpan(sdk: SdkTracer, name: string, options: SpanStart): Span {
  const { kind = 'internal', parent, links = [], attributes = {}, startedAt } = options;
  const around = parent ? trace.setSpanContext(ROOT_CONTEXT, remoteContext(parent)) : ROOT_CONTEXT;
  const span = sdk.startSpan(
    name,
    {
      kind: kinds[kind],
      attributes: known(attributes),
      links: links.map((to) => ({ context: remoteContext(to) })),
      ...(startedAt === undefined ? {} : { startTime: new Date(startedAt) }),
    },
    around,
  );
  return new OpenSpan(span);
}

class OpenSpan implements Span {
  readonly #span: SdkSpan;
  readonly context: TraceContext;
  #hasEnded = false;

  constructor(span: SdkSpan) {
    this.#span = span;
    const { traceId, spanId, traceFlags } = span.spanContext();
    this.context = { traceId, spanId, isSampled: (traceFlags & TraceFlags.SAMPLED) !== 0 };
  }

  set(attributes: SpanAttributes): void {
    if (!this.#hasEnded) this.#span.setAttributes(known(attributes));
  }

  event(name: string, attributes: SpanAttributes = {}): void {
    if (!this.#hasEnded) this.#span.addEvent(name, known(attributes));
  }

  link(to: TraceContext): void {
    if (!this.#hasEnded) this.#span.addLink({ context: remoteContext(to) });
  }

  end(errorCode?: string): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    if (errorCode !== undefined) {
      this.#span.setAttribute('error.type', errorCode).setStatus({ code: SpanStatusCode.ERROR });
    }
    this.#span.end();
  }
}

function remoteContext({ traceId, spanId, isSampled }: TraceContext) {
  return { traceId, spanId, traceFlags: isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE, isRemote: true };
}

function known(attributes: SpanAttributes): Attributes {
  const found: Attributes = {};
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) found[name] = typeof value === 'object' ? [...value] : value;
  }
  return found;
}
