/**
 * A process that sends requests. Each of its connections sends the next request when it has the answer to the last one. It uses
 * plain sockets, so a request costs it a small part of what it costs the server.
 */
import { connect, type Socket } from 'node:net';
import { serveCommands } from '../commands.ts';
import { quantile } from '../statistics.ts';
import { API_KEY, FRESH } from './request.ts';

export interface LoadCommand {
  port: number;
  connections: number;
  /** Sent one after the other, then from the first again; made by `requestText`. */
  requests: readonly string[];
  /** Take the place of `API_KEY`, in turn, so that requests come from many tenants. */
  apiKeys?: readonly string[];
  until: { ms: number } | { count: number };
  /** Whether the answer has the ids of the jobs. Default false. */
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

/** Differs in each process. So no server has seen the keys of this process before. */
const processMark = `${process.pid}-${Date.now().toString(36)}`;
let fresh = 0;

class Run {
  readonly latencies: number[] = [];
  readonly ids: string[] = [];
  readonly #command: LoadCommand;
  readonly #deadline: number;
  readonly #maxCount: number;
  #sent = 0;

  constructor(command: LoadCommand) {
    this.#command = command;
    this.#deadline = 'ms' in command.until ? performance.now() + command.until.ms : Number.POSITIVE_INFINITY;
    this.#maxCount = 'count' in command.until ? command.until.count : Number.POSITIVE_INFINITY;
  }

  next(): string | null {
    if (this.#sent >= this.#maxCount || performance.now() > this.#deadline) return null;
    const { requests, apiKeys = [] } = this.#command;
    const at = this.#sent++;
    const request = (requests[at % requests.length] ?? '').replace(API_KEY, () => apiKeys[at % apiKeys.length] ?? '');
    return request.includes(FRESH) ? request.replace(FRESH, `${processMark}-${fresh++}`) : request;
  }

  /** @throws Error if the status is not 2xx */
  take(answer: string, ms: number): void {
    if (!answer.startsWith('HTTP/1.1 2')) throw new Error(`The server refused a request: ${answer.slice(0, 1_000)}`);
    this.latencies.push(ms);
    if (this.#command.wantsIds) this.ids.push(/"id":"([^"]+)"/.exec(answer)?.[1] ?? '');
  }
}

/** Only so much of an answer is stored; the rest is only counted. */
const STORED_CHARS = 65_536;
const LAST_CHUNK = '\r\n0\r\n\r\n';

/** An answer while it arrives. */
class Answer {
  /** The first `STORED_CHARS` characters. */
  text = '';
  #length = 0;
  #end = '';

  take(piece: string): void {
    if (this.text.length < STORED_CHARS) this.text += piece;
    this.#length += piece.length;
    this.#end = (this.#end + piece.slice(-LAST_CHUNK.length)).slice(-LAST_CHUNK.length);
  }

  /** An answer with a content-length ends there. Another one ends with its last chunk. */
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
    socket
      .on('error', reject)
      .on('close', () => reject(new Error('The server closed the connection before its answer was complete.')));
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

serveCommands<LoadCommand>(async (command): Promise<LoadAnswer> => {
  const run = new Run(command);
  const startedAt = performance.now();
  const sockets = Array.from({ length: command.connections }, () => connect(command.port, '127.0.0.1'));
  await Promise.all(sockets.map((socket) => sendAll(run, socket)));
  const { latencies, ids } = run;
  const seconds = (performance.now() - startedAt) / 1_000;
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => quantile(latencies, share)) as [number, number, number];
  return { count: latencies.length, seconds, p50, p95, p99, ids };
});
