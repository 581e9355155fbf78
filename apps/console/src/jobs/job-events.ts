/**
 * A job's events for an operator: the bytes that clients get, through the journal's own attach code. Whoever may no longer see
 * them (logged out, removed, another role) is disconnected within five seconds.
 */
import { hasEnded, type Logger } from '@holdfast/core';
import { AttachedReader, type LiveFeed } from '@holdfast/journal';
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
import { type Authentication, authenticate } from '../access/authenticate.ts';
import type { FoundInCell } from './find-job.ts';
import { seesContent } from './show-job.ts';

const READER_STALL_MS = 10_000;
const RECHECK_MS = 3_000;

export interface StreamNeeds {
  streams: OpenStreams;
  feed: LiveFeed;
  authentication: Authentication;
  logger: Pick<Logger, 'warn'>;
}

/** Begins the stream, which goes on by itself. @throws RequestError `invalid_cursor` */
export function streamEvents(needs: StreamNeeds, found: FoundInCell, request: Request, response: Response): void {
  const { cell, job } = found;
  const cursor = eventCursorOf(request);
  refuseBeyond(cursor, job.cursor);
  const isOver = hasEnded(job.status);
  // To an EventSource anything but 204 means "come back".
  if (isOver && cursor.after === job.cursor) return void response.status(204).end();
  if (request.method === 'HEAD') return void response.writeHead(200, { 'content-type': EVENT_STREAM }).end();
  const sink = new SseSink(response, { stallMs: READER_STALL_MS });
  const options = {
    journal: cell.journal,
    feed: needs.feed,
    sink,
    jobId: job.id,
    after: cursor.after,
    hasEnded: isOver,
  };
  const reader = new AttachedReader(options, (_outcome, error) => {
    if (error !== undefined && !(error instanceof ReaderGone)) {
      needs.logger.warn({ jobId: job.id, error }, 'stream broke off; its reader will come back');
    }
    clearInterval(recheck);
    needs.streams.delete(reader);
    sink.close();
  });
  const recheck = setInterval(() => {
    void maySee(needs.authentication, request).then((may) => {
      if (may) return;
      reader.stop();
      sink.cut();
    });
  }, RECHECK_MS);
  const stop = () => reader.stop();
  response.once('close', stop);
  if (response.destroyed) stop();
  needs.streams.add(reader, sink);
  void reader.start();
}

/** While Redis is away nothing new is known. */
async function maySee(authentication: Authentication, request: Request): Promise<boolean> {
  try {
    return seesContent(await authenticate(authentication, request));
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'unauthenticated');
  }
}
