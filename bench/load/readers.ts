/**
 * A process that reads event streams, each over its own connection.
 *
 *   attach   opens `atOnce` streams and reads each to its end, `times` times: how long that takes
 *   follow   reads live streams to their end: how late each token comes, if tokens are times
 *   hold     opens streams, and keeps them open until `drop`
 */
import { type ClientRequest, type IncomingMessage, request as openRequest } from 'node:http';
import { serveCommands } from '../commands.ts';
import { quantile } from '../statistics.ts';
import { delaysOf, nowMs } from '../token-delay/clock.ts';

interface Streams {
  port: number;
  /** Reader 0 takes the first path, reader 1 the second, and so on; then from the first again. */
  paths: readonly string[];
  headers: Readonly<Record<string, string>>;
}

export type ReaderCommand =
  | ({ kind: 'attach'; atOnce: number; times: number } & Streams)
  | ({ kind: 'follow'; readers: number; hasClock: boolean } & Streams)
  | ({ kind: 'hold'; readers: number } & Streams)
  | { kind: 'drop' };

export interface AttachAnswer {
  /** ms until all streams of a round have their last byte: the median of the rounds. */
  allDone: number;
  /** ms until a stream has its last byte: the median. */
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
      else reject(new Error(`${path}: expected status 200, got ${answer.statusCode}`));
    });
    request.end();
  });
}

async function readOne(streams: Streams, at: number, onText: (text: string) => void): Promise<void> {
  const { answer } = await open(streams, at);
  answer.setEncoding('latin1').on('data', onText);
  await new Promise((resolve, reject) => answer.once('end', resolve).once('error', reject));
}

async function attach(command: Extract<ReaderCommand, { kind: 'attach' }>): Promise<AttachAnswer> {
  const [waves, single]: [number[], number[]] = [[], []];
  let bytes = 0;
  for (let time = 0; time < command.times; time++) {
    const startedAt = performance.now();
    const since = () => performance.now() - startedAt;
    const read = async (at: number) => {
      await readOne(command, at, (text) => {
        bytes += text.length;
      });
      single.push(since());
    };
    await Promise.all(Array.from({ length: command.atOnce }, (_, at) => read(at)));
    waves.push(since());
  }
  return { allDone: quantile(waves, 0.5), lastByte: quantile(single, 0.5), bytes: bytes / single.length };
}

async function follow(command: Extract<ReaderCommand, { kind: 'follow' }>): Promise<FollowAnswer> {
  const delays: number[] = [];
  let bytes = 0;
  const read = (at: number) => {
    let rest = '';
    return readOne(command, at, (piece) => {
      bytes += piece.length;
      if (!command.hasClock) return;
      const receivedAt = nowMs();
      const events = (rest + piece).split('\n\n');
      rest = events.pop() ?? '';
      for (const event of events) {
        // Only text deltas begin with their text. The last event repeats the whole answer, in another place.
        const text = /^data: \{"text":"([^"]+)"/m.exec(event)?.[1];
        if (text) delays.push(...delaysOf(text, receivedAt));
      }
    });
  };
  await Promise.all(Array.from({ length: command.readers }, (_, at) => read(at)));
  const known = command.hasClock ? delays : [0];
  return { p50: quantile(known, 0.5), p99: quantile(known, 0.99), tokens: delays.length, bytes };
}

/** Opens a few at a time, because the server's queue of new connections is short. */
async function hold(command: Extract<ReaderCommand, { kind: 'hold' }>): Promise<void> {
  for (let at = 0; at < command.readers; at += 50) {
    const count = Math.min(50, command.readers - at);
    const opened = await Promise.all(Array.from({ length: count }, (_, next) => open(command, at + next)));
    for (const { request, answer } of opened) {
      request.removeAllListeners('error').on('error', () => undefined);
      answer.on('error', () => undefined).resume();
      held.push(request);
    }
  }
}

serveCommands<ReaderCommand>((command) => {
  if (command.kind === 'attach') return attach(command);
  if (command.kind === 'follow') return follow(command);
  if (command.kind === 'hold') return hold(command);
  for (const request of held.splice(0)) request.destroy();
  return null;
});
