/** A collector of traces: takes OTLP over HTTP, in JSON, as an OpenTelemetry Collector does, and shows what it was sent. */
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

type AnyValue = { stringValue?: string; intValue?: number | string; doubleValue?: number; boolValue?: boolean } & {
  arrayValue?: { values: AnyValue[] };
};
interface KeyValue {
  key: string;
  value: AnyValue;
}
interface OtlpSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes?: KeyValue[];
  events?: { name: string; attributes?: KeyValue[] }[];
  links?: { traceId: string; spanId: string }[];
  status?: { code?: number };
}
interface OtlpExport {
  resourceSpans: { resource?: { attributes?: KeyValue[] }; scopeSpans: { spans: OtlpSpan[] }[] }[];
}

type Attribute = string | number | boolean | undefined | Attribute[];
type Attributes = Record<string, Attribute>;

export interface CollectedSpan {
  traceId: string;
  spanId: string;
  /** null: it is a root. */
  parentId: string | null;
  name: string;
  kind: 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  /** ms since 1970. */
  start: number;
  end: number;
  attributes: Attributes;
  events: { name: string; attributes: Attributes }[];
  links: { traceId: string; spanId: string }[];
  hasFailed: boolean;
  /** What its process says of itself. */
  resource: Attributes;
}

const kinds: Record<number, CollectedSpan['kind']> = {
  1: 'internal',
  2: 'server',
  3: 'client',
  4: 'producer',
  5: 'consumer',
};

export class Collector {
  readonly url: string;
  readonly spans: CollectedSpan[] = [];
  /** Bodies as they came. */
  readonly bodies: string[] = [];
  readonly headers: IncomingHttpHeaders[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** @param options `answers: false`: it takes what it is sent, and never answers; `port` default: a free one */
  static async start({ answers = true, port = 0 }: { answers?: boolean; port?: number } = {}): Promise<Collector> {
    const server = createServer((request, response) => {
      void text(request).then((body) => {
        collector.#take(body, request.headers);
        if (answers) response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      });
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    const collector = new Collector(server);
    return collector;
  }

  ofTrace(traceId: string): CollectedSpan[] {
    return this.spans.filter((span) => span.traceId === traceId);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #take(body: string, headers: IncomingHttpHeaders): void {
    this.bodies.push(body);
    this.headers.push(headers);
    const { resourceSpans } = JSON.parse(body) as OtlpExport;
    for (const { resource, scopeSpans } of resourceSpans) {
      for (const { spans } of scopeSpans) {
        this.spans.push(...spans.map((span) => readSpan(span, attributesOf(resource?.attributes))));
      }
    }
  }
}

function readSpan(span: OtlpSpan, resource: Attributes): CollectedSpan {
  const { traceId, spanId, parentSpanId, name, events = [], links = [] } = span;
  return {
    traceId,
    spanId,
    parentId: parentSpanId || null,
    name,
    kind: kinds[span.kind] ?? 'internal',
    start: Number(BigInt(span.startTimeUnixNano) / 1_000_000n),
    end: Number(BigInt(span.endTimeUnixNano) / 1_000_000n),
    attributes: attributesOf(span.attributes),
    events: events.map((event) => ({ name: event.name, attributes: attributesOf(event.attributes) })),
    links: links.map((link) => ({ traceId: link.traceId, spanId: link.spanId })),
    hasFailed: span.status?.code === 2,
    resource,
  };
}

function attributesOf(given: KeyValue[] = []): Attributes {
  return Object.fromEntries(given.map(({ key, value }) => [key, plainValue(value)]));
}

function plainValue({ stringValue, intValue, doubleValue, boolValue, arrayValue }: AnyValue): Attribute {
  if (arrayValue) return arrayValue.values.map(plainValue);
  return stringValue ?? doubleValue ?? boolValue ?? (intValue === undefined ? undefined : Number(intValue));
}

/**
 * A trace as lines, children below their parents and indented; of attempts with their number and outcome, and of all with the error
 * that they failed with. Siblings in the order of their names and lines.
 */
export function treeOf(spans: readonly CollectedSpan[], parentId: string | null = null, indent = ''): string[] {
  return spans
    .filter((span) => span.parentId === parentId)
    .map((span) => [indent + lineOf(span), ...treeOf(spans, span.spanId, `${indent}  `)])
    .sort(([a = ''], [b = '']) => (a < b ? -1 : 1))
    .flat();
}

function lineOf({ name, attributes, hasFailed }: CollectedSpan): string {
  const attempt = attributes['holdfast.attempt'];
  const how = [
    ...(attempt === undefined ? [] : [`${attempt}`, `${attributes['holdfast.outcome']}`]),
    ...(hasFailed ? [`${attributes['error.type']}`] : []),
  ];
  return how.length === 0 ? name : `${name} (${how.join(', ')})`;
}
