/**
 * Stage 6 of 6: attach. Before it: `packages/journal`; after it: `packages/client`, which comes back with the number of
 * the last event it got, however the connection ended. A revoked key ends it within 5 s.
 */
import { type Caller, hasEnded, RequestError } from '@holdfast/core';
import { AttachedReader } from '@holdfast/journal';
import type { Request, Response } from '@holdfast/service';
import { ownSummary } from '../access/own-job.ts';
import type { OpenStreams } from '../bounds/open-streams.ts';
import { EVENT_STREAM, ReaderGone, SseSink } from '../http/sse-sink.ts';
import type { ApiParts } from '../parts.ts';

/** Number of the last event that the reader has. A reconnecting EventSource repeats its URL: the header is the newer word. */
function cursorOf(request: Request): { after: number; param: string } {
  const header = request.headers['last-event-id'];
  const param = header === undefined ? 'after' : 'Last-Event-ID';
  const value = header ?? request.query.after ?? '0';
  if (typeof value !== 'string' || !/^\d{1,15}$/.test(value)) {
    throw new RequestError('invalid_cursor', `${param}: the number of an event, or 0 for all of them`, { param });
  }
  return { after: Number(value), param };
}

export async function attachEvents(
  streams: OpenStreams,
  parts: ApiParts,
  request: Request,
  response: Response,
  caller: Caller,
): Promise<void> {
  const { after, param } = cursorOf(request);
  const { job } = await ownSummary(parts, caller, String(request.params.id));
  if (after > job.cursor) {
    throw new RequestError('invalid_cursor', `${param}: the last event so far is ${job.cursor}`, { param });
  }
  if (after === job.cursor && hasEnded(job.status)) {
    // To an EventSource anything but 204 means "come back".
    response.status(204).end();
    return;
  }
  if (request.method === 'HEAD') {
    // Nothing of a stream would be sent, and the connection would be held until the job ends.
    response.writeHead(200, { 'content-type': EVENT_STREAM }).end();
    return;
  }
  stream(streams, parts, response, { jobId: job.id, after, hasEnded: hasEnded(job.status), caller });
}

/** Begins the stream, which goes on by itself: were it waited for, all that has led here would be kept for each reader. */
function stream(
  streams: OpenStreams,
  parts: ApiParts,
  response: Response,
  { caller, ...from }: { jobId: string; after: number; hasEnded: boolean; caller: Caller },
): void {
  const { journal } = parts.cells.of(caller.tenant);
  const { feed, metrics, logger } = parts;
  // Before anything is sent: one stream too many is refused.
  parts.held.hold(response, () => {
    reader.stop();
    sink.cut();
  });
  const sink = new SseSink(response, { stallMs: parts.readerStallMs });
  const reader = new AttachedReader({ journal, feed, sink, ...from }, (_outcome, error) => {
    if (error !== undefined && !(error instanceof ReaderGone)) {
      logger.warn({ jobId: from.jobId, error }, 'stream broke off; its reader will come back');
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
