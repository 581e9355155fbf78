/**
 * A process that reads event streams, each over a connection of its own.
 *
 *   attach   opens `atOnce` streams, reads each to its end, `times` over: how long that took
 *   follow   reads live streams to their end: how late each token came, where tokens are times
 *   hold     opens streams and keeps them open until `drop`
 */
import { type ClientRequest, type IncomingMessage, request as openRequest } from 'node:http';
import { takeOrders } from '../orders.ts';
import { quantile } from '../statistics.ts';
import { delaysOf, nowMs } from '../token-delay/clock.ts';

interface Streams {
  port: number;
  /** Taken in turn. */
  paths: readonly string[];
  headers: Readonly<Record<string, string>>;
}

export type ReaderOrder =
  | ({ kind: 'attach'; atOnce: number; times: number } & Streams)
  | ({ kind: 'follow'; readers: number; hasClock: boolean } & Streams)
  | ({ kind: 'hold'; readers: number } & Streams)
  | { kind: 'drop' };

export interface AttachAnswer {
  /** ms until all of those at once have their last byte: median over `times`. */
  allDone: number;
  /** ms until one has its last byte: median. */
  lastByte: number;
  bytes: number;
}

export interface FollowAnswer {
  /** ms from a token's write to its receipt. */
  p50: number;
  p99: number;
  tokens: number;
  bytes: number;
}

const held: ClientRequest[] = [];

function open(
  { port, headers, paths }: Streams,
  at: number,
): Promise<{ request: ClientRequest; answer: IncomingMessage }> {
  return new Promise((resolve, reject) => {
    const path = paths[at % paths.length] ?? '';
    const request = openRequest({ host: '127.0.0.1', port, path, headers, agent: false });
    request.on('error', reject).on('response', (answer) => {
      if (answer.statusCode === 200) resolve({ request, answer });
      else reject(new Error(`${path} was answered with ${answer.statusCode}`));
    });
    request.end();
  });
}

async function readOne(streams: Streams, at: number, onText: (text: string) => void): Promise<void> {
  const { answer } = await open(streams, at);
  answer.setEncoding('latin1').on('data', onText);
  await new Promise((resolve, reject) => answer.once('end', resolve).once('error', reject));
}

async function attach(order: Extract<ReaderOrder, { kind: 'attach' }>): Promise<AttachAnswer> {
  const [waves, single]: [number[], number[]] = [[], []];
  let bytes = 0;
  for (let time = 0; time < order.times; time++) {
    const startedAt = performance.now();
    const since = () => performance.now() - startedAt;
    const read = async (at: number) => {
      await readOne(order, at, (text) => {
        bytes += text.length;
      });
      single.push(since());
    };
    await Promise.all(Array.from({ length: order.atOnce }, (_, at) => read(at)));
    waves.push(since());
  }
  return { allDone: quantile(waves, 0.5), lastByte: quantile(single, 0.5), bytes: bytes / single.length };
}

async function follow(order: Extract<ReaderOrder, { kind: 'follow' }>): Promise<FollowAnswer> {
  const delays: number[] = [];
  let bytes = 0;
  const read = (at: number) => {
    let rest = '';
    return readOne(order, at, (piece) => {
      bytes += piece.length;
      if (!order.hasClock) return;
      const receivedAt = nowMs();
      const events = (rest + piece).split('\n\n');
      rest = events.pop() ?? '';
      for (const event of events) {
        // Only the pieces of an answer have their text right there; its end repeats it as a whole.
        const text = /^data: \{"text":"([^"]+)"/m.exec(event)?.[1];
        if (text) delays.push(...delaysOf(text, receivedAt));
      }
    });
  };
  await Promise.all(Array.from({ length: order.readers }, (_, at) => read(at)));
  const known = order.hasClock ? delays : [0];
  return { p50: quantile(known, 0.5), p99: quantile(known, 0.99), tokens: delays.length, bytes };
}

/** A few at a time: the server's backlog of connections is short. */
async function hold(order: Extract<ReaderOrder, { kind: 'hold' }>): Promise<void> {
  for (let at = 0; at < order.readers; at += 50) {
    const count = Math.min(50, order.readers - at);
    const opened = await Promise.all(Array.from({ length: count }, (_, next) => open(order, at + next)));
    for (const { request, answer } of opened) {
      request.removeAllListeners('error').on('error', () => undefined);
      answer.on('error', () => undefined).resume();
      held.push(request);
    }
  }
}

takeOrders<ReaderOrder>((order) => {
  if (order.kind === 'attach') return attach(order);
  if (order.kind === 'follow') return follow(order);
  if (order.kind === 'hold') return hold(order);
  for (const request of held.splice(0)) request.destroy();
  return null;
});
