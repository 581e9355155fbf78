/**
 * A process that sends requests: each of its connections sends the next one when it has the answer to the one before.
 * It writes and reads sockets itself, so that a request costs it a fraction of what it costs the server.
 */
import { connect, type Socket } from 'node:net';
import { takeOrders } from '../orders.ts';
import { quantile } from '../statistics.ts';
import { API_KEY, FRESH } from './request.ts';

export interface LoadOrder {
  port: number;
  connections: number;
  /** Sent in turn; see `requestText`. */
  requests: readonly string[];
  /** Taken in turn, for requests that are to come from many. */
  apiKeys?: readonly string[];
  until: { ms: number } | { count: number };
  /** Answers hold the ids of the jobs that they name. Default false. */
  wantsIds?: boolean;
}

export interface LoadAnswer {
  count: number;
  seconds: number;
  /** ms */
  p50: number;
  p95: number;
  p99: number;
  ids: string[];
}

/** Different in every process, so that what it makes is fresh to whoever has seen another. */
const processMark = `${process.pid}-${Date.now().toString(36)}`;
let fresh = 0;

class Run {
  readonly latencies: number[] = [];
  readonly ids: string[] = [];
  readonly #order: LoadOrder;
  readonly #deadline: number;
  readonly #most: number;
  #sent = 0;

  constructor(order: LoadOrder) {
    this.#order = order;
    this.#deadline = 'ms' in order.until ? performance.now() + order.until.ms : Number.POSITIVE_INFINITY;
    this.#most = 'count' in order.until ? order.until.count : Number.POSITIVE_INFINITY;
  }

  next(): string | null {
    if (this.#sent >= this.#most || performance.now() > this.#deadline) return null;
    const { requests, apiKeys = [] } = this.#order;
    const at = this.#sent++;
    const request = (requests[at % requests.length] ?? '').replace(API_KEY, () => apiKeys[at % apiKeys.length] ?? '');
    return request.includes(FRESH) ? request.replace(FRESH, `${processMark}-${fresh++}`) : request;
  }

  /** @throws Error when the answer is a refusal */
  take(answer: string, ms: number): void {
    if (!answer.startsWith('HTTP/1.1 2')) throw new Error(`refused: ${answer.slice(0, 1_000)}`);
    this.latencies.push(ms);
    if (this.#order.wantsIds) this.ids.push(/"id":"([^"]+)"/.exec(answer)?.[1] ?? '');
  }
}

/** More of an answer is counted, not kept. */
const KEPT_CHARS = 65_536;
const LAST_CHUNK = '\r\n0\r\n\r\n';

/** An answer as it comes. */
class Answer {
  /** Its beginning. */
  text = '';
  #length = 0;
  #end = '';

  take(piece: string): void {
    if (this.text.length < KEPT_CHARS) this.text += piece;
    this.#length += piece.length;
    this.#end = (this.#end + piece.slice(-LAST_CHUNK.length)).slice(-LAST_CHUNK.length);
  }

  /** By its length where it states one, by its last chunk otherwise. */
  get isComplete(): boolean {
    const head = this.text.indexOf('\r\n\r\n');
    if (head === -1) return false;
    const length = /\r\ncontent-length: (\d+)/i.exec(this.text.slice(0, head))?.[1];
    if (length === undefined) return this.#end === LAST_CHUNK;
    return this.#length >= head + 4 + Number(length);
  }
}

function sendAll(run: Run, socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    let [answer, sentAt] = [new Answer(), 0];
    const sendNext = () => {
      const request = run.next();
      if (request === null) {
        socket.end();
        resolve();
        return;
      }
      sentAt = performance.now();
      socket.write(request, 'latin1');
    };
    socket.setNoDelay(true).setEncoding('latin1');
    socket.on('error', reject).on('close', () => reject(new Error('the server closed the connection')));
    socket.on('data', (text: string) => {
      answer.take(text);
      if (!answer.isComplete) return;
      try {
        run.take(answer.text, performance.now() - sentAt);
      } catch (error) {
        socket.destroy();
        reject(error as Error);
        return;
      }
      answer = new Answer();
      sendNext();
    });
    socket.once('connect', sendNext);
  });
}

takeOrders<LoadOrder>(async (order): Promise<LoadAnswer> => {
  const run = new Run(order);
  const startedAt = performance.now();
  const sockets = Array.from({ length: order.connections }, () => connect(order.port, '127.0.0.1'));
  await Promise.all(sockets.map((socket) => sendAll(run, socket)));
  const { latencies, ids } = run;
  const seconds = (performance.now() - startedAt) / 1_000;
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => quantile(latencies, share)) as [number, number, number];
  return { count: latencies.length, seconds, p50, p95, p99, ids };
});
