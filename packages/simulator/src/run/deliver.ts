/**
 * Delivers a run over one connection, as a stream of its frames or as one body at its end, with the requested faults of the
 * connection:
 *
 *   cut       the connection is destroyed after so many tokens
 *   stall     nothing is written after so many tokens; the connection stays open
 *   no_done, no_finish, split_utf8
 *
 * An attached run ends with its connection. A detached one goes on, and can be delivered again.
 */
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { type Exchange, sendJson, whenGone, writeHead } from '../http/exchange.ts';
import { writeSplit } from '../http/sse.ts';
import type { Faults } from '../instructions/faults.ts';
import type { Frame, Run } from './run.ts';

export interface Delivery {
  as: 'stream' | 'body';
  /** Index of the first frame that is delivered. */
  from: number;
  faults: Pick<Faults, 'listed' | 'cutAfter' | 'stallAfter' | 'noDone' | 'noFinish' | 'splitUtf8'>;
  /** How long a stall lasts, in ms; null: forever. */
  stallMs: number | null;
}

/** Returns when everything is written, or the connection is gone. */
export async function deliver(exchange: Exchange, run: Run, delivery: Delivery): Promise<void> {
  const { faults } = delivery;
  const gone = whenGone(exchange);
  // A client that gives up on a call with a listed fault has aborted nothing that it pays for.
  const stop = () => run.stop(faults.listed ? 'broken' : 'aborted');
  if (!run.detached) gone.addEventListener('abort', stop);
  if (gone.aborted && !run.detached) stop();
  if (delivery.as === 'stream') openStream(exchange);
  let tokens = 0;
  let stalls = faults.stallAfter !== null;
  const faultIsDue = async (): Promise<boolean> => {
    if (faults.cutAfter !== null && tokens >= faults.cutAfter) {
      cut(exchange, run, delivery.as);
      return true;
    }
    if (stalls && tokens >= (faults.stallAfter ?? 0)) {
      stalls = false;
      await sleepUnlessGone(delivery.stallMs, gone);
      run.release();
    }
    return false;
  };
  if (await faultIsDue()) return;
  for await (const frame of run.read(delivery.from, gone)) {
    if (delivery.as === 'stream') await writeFrame(exchange, frame, faults);
    tokens += frame.tokens;
    if (frame.tokens > 0 && (await faultIsDue())) return;
  }
  if (gone.aborted) return;
  if (delivery.as === 'body') sendJson(exchange, 200, run.toBody());
  else exchange.res.end();
}

function openStream(exchange: Exchange): void {
  writeHead(exchange, 200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' });
  exchange.res.flushHeaders();
}

async function writeFrame({ res }: Exchange, frame: Frame, faults: Delivery['faults']): Promise<void> {
  if ((frame.role === 'done' && faults.noDone) || (frame.role === 'finish' && faults.noFinish)) return;
  if (faults.splitUtf8) await writeSplit(res, frame.sse);
  else res.write(frame.sse);
}

/** Cuts within a line. What was written before is sent first, so that the cut is at a known token. */
function cut(exchange: Exchange, run: Run, as: Delivery['as']): void {
  const { res } = exchange;
  if (!run.detached) run.stop('broken');
  if (as === 'body') sendJson(exchange, 200, run.toBody(), 20);
  else res.write('data: {"');
  res.write(' ', () => res.destroy());
}

/** @param ms null: until `gone` aborts */
export async function sleepUnlessGone(ms: number | null, gone: AbortSignal): Promise<void> {
  if (gone.aborted) return;
  if (ms === null) await once(gone, 'abort');
  else await setTimeout(ms, undefined, { signal: gone }).catch(() => undefined);
}
