/**
 * Stage 6 of 6: attach. Before it: `packages/journal`; after it: `packages/client`, which comes back with the number of the last
 * event it got, however the connection ended.
 *
 *   1. validate  the cursor: no further than the job's last event
 *   2. stream    the events after it, in the order of the journal, until the job ends
 *
 * A reader who leaves cancels nothing. A revoked API key ends the stream within 5 s.
 */
import { type Caller, hasEnded, type JobSummary, type Logger, type TraceContext, type Tracer } from '@holdfast/core';
import type { TenantCells } from '@holdfast/jobs';
import { AttachedReader, type Journal, type LiveFeed } from '@holdfast/journal';
import {
  EVENT_STREAM,
  eventCursorOf,
  type OpenStreams,
  ReaderGone,
  type Request,
  type Response,
  refuseBeyond,
  SseSink,
} from '@holdfast/service/http';
import type { CallerHandler } from '../access/authenticate.ts';
import { ownSummary } from '../access/own-job.ts';
import type { ApiMetrics } from '../api-metrics.ts';
import type { HeldRequests } from '../bounds/held-requests.ts';
import { callersTrace, startRequestSpan } from '../http/request-span.ts';

interface StreamNeeds {
  streams: OpenStreams;
  feed: LiveFeed;
  held: Pick<HeldRequests, 'hold'>;
  metrics: Pick<ApiMetrics, 'attachedReaders'>;
  logger: Pick<Logger, 'warn'>;
  readerStallMs: number;
}

interface AttachRoute extends StreamNeeds {
  cells: TenantCells<'journal'>;
  tracer: Tracer | null;
}

interface Attachment {
  tenant: string;
  job: JobSummary;
  /** The span that submitted the job; null: it has no trace. */
  trace: TraceContext | null;
  /** Number of the last event that the reader has; 0: none. */
  after: number;
}

export function attachEvents({ cells, tracer, ...needs }: AttachRoute): CallerHandler {
  return async (request, response, caller) => {
    const attachment = await validateAttach(cells, request, caller);
    const { job, after } = attachment;
    noteTrace(tracer, request, response, attachment);
    if (after === job.cursor && hasEnded(job.status)) {
      // To an EventSource anything but 204 means "come back".
      response.status(204).end();
    } else if (request.method === 'HEAD') {
      // A HEAD gets no body, and must not hold its connection until the job ends.
      response.writeHead(200, { 'content-type': EVENT_STREAM }).end();
    } else {
      stream(needs, response, cells.of(caller.tenant).journal, attachment);
    }
  };
}

async function validateAttach(cells: TenantCells<'journal'>, request: Request, caller: Caller): Promise<Attachment> {
  const cursor = eventCursorOf(request);
  const { tenant, job, trace } = await ownSummary(cells, caller, request);
  refuseBeyond(cursor, job.cursor);
  return { tenant, job, trace, after: cursor.after };
}

/** A reader that has a trace of its own stays in it, with a link to the job's; any other joins the job's. */
function noteTrace(
  tracer: Tracer | null,
  request: Request,
  response: Response,
  { tenant, job, trace, after }: Attachment,
): void {
  const own = callersTrace(request);
  const parent = own ?? trace;
  if (parent) response.about = { tenant, jobId: job.id, traceId: parent.traceId };
  if (tracer === null) return;
  const links = own && trace ? [trace] : [];
  const span = startRequestSpan(tracer, request, response, { parent, links });
  span.set({ 'holdfast.job.id': job.id, 'holdfast.tenant': tenant, 'holdfast.attach.after': after });
}

/** Begins the stream, which goes on by itself: a handler that waited for it would keep its whole request in memory. */
function stream(
  { streams, feed, held, metrics, logger, readerStallMs }: StreamNeeds,
  response: Response,
  journal: Journal,
  { job, after }: Attachment,
): void {
  const jobId = job.id;
  // Before anything is sent: one stream too many is refused.
  held.hold(response, () => {
    reader.stop();
    sink.cut();
  });
  const sink = new SseSink(response, { stallMs: readerStallMs });
  const options = { journal, feed, sink, jobId, after, hasEnded: hasEnded(job.status) };
  const reader = new AttachedReader(options, (_outcome, error) => {
    if (error !== undefined && !(error instanceof ReaderGone)) {
      logger.warn({ jobId, error }, 'stream broke off; its reader will come back');
    }
    streams.delete(reader);
    metrics.attachedReaders.dec();
    sink.close();
  });
  const stop = () => reader.stop();
  response.once('close', stop);
  if (response.destroyed) stop();
  metrics.attachedReaders.inc();
  streams.add(reader, sink);
  void reader.start();
}
