/**
 * A TCP proxy in front of Redis that disturbs connections as networks do. Client and server stay unchanged.
 *
 *   cutReply    the next command reaches Redis and is executed; the connection breaks before the reply is back
 *   pause       nothing passes in either direction, and connections stay open; new ones are accepted and receive nothing
 *   resume      what was sent during the pause is delivered late, as TCP does after a partition
 *   redirectTo  breaks every connection; new ones lead to another Redis
 *   lagMs       how long a reply is in flight; replies in flight are lost when the connection breaks
 *
 * It doesn't parse the Redis protocol. One chunk of a client counts as one command, though it may hold several.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';

interface Pair {
  client: Socket;
  redis: Socket;
  /** Replies of Redis, in order. */
  inFlight: Buffer[];
}

export class RedisProxy {
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  #port: number;
  #paused = false;
  #cut: { containing: string; waiting: Set<Pair>; done: () => void } | null = null;
  /** How long the next chunk from Redis takes, in ms. */
  lagMs: () => number = () => 0;

  private constructor(port: number) {
    this.#port = port;
    this.#server = createServer((client) => this.#join(client));
  }

  /** @param url address of the Redis behind the proxy */
  static async open(url: string): Promise<RedisProxy> {
    const proxy = new RedisProxy(Number(new URL(url).port));
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    const { port } = this.#server.address() as { port: number };
    return `redis://127.0.0.1:${port}`;
  }

  /**
   * Drops one reply: the first to a command that is sent from now on, and has this text in it. Resolves when it is dropped.
   *
   * @param containing default: any command will do
   */
  async cutReply(containing = ''): Promise<void> {
    await new Promise<void>((done) => {
      this.#cut = { containing, waiting: new Set(), done };
    });
  }

  pause(): void {
    this.#paused = true;
    for (const { client, redis } of this.#pairs) for (const socket of [client, redis]) socket.pause();
  }

  resume(): void {
    this.#paused = false;
    for (const { client, redis } of this.#pairs) for (const socket of [client, redis]) socket.resume();
  }

  redirectTo(url: string): void {
    this.#port = Number(new URL(url).port);
    for (const pair of this.#pairs) this.#break(pair);
  }

  async close(): Promise<void> {
    for (const pair of this.#pairs) this.#break(pair);
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(client: Socket): void {
    const redis = connect(this.#port, '127.0.0.1');
    const pair: Pair = { client, redis, inFlight: [] };
    this.#pairs.add(pair);
    for (const socket of [client, redis]) {
      socket.setNoDelay(true);
      // 'close' follows, and is handled.
      socket.on('error', () => undefined);
      socket.on('close', () => this.#break(pair));
    }
    client.on('data', (command) => {
      if (this.#cut && command.includes(this.#cut.containing)) this.#cut.waiting.add(pair);
      redis.write(command);
    });
    redis.on('data', (reply) => this.#answer(pair, reply));
    if (this.#paused) for (const socket of [client, redis]) socket.pause();
  }

  #answer(pair: Pair, reply: Buffer): void {
    const cut = this.#cut;
    if (cut?.waiting.has(pair)) {
      this.#cut = null;
      this.#break(pair);
      cut.done();
      return;
    }
    const lag = this.lagMs();
    if (lag === 0 && pair.inFlight.length === 0) {
      pair.client.write(reply);
      return;
    }
    pair.inFlight.push(reply);
    // Timers may fire out of order: each delivers the oldest reply, so the order stays.
    setTimeout(() => {
      const first = pair.inFlight.shift();
      if (first && !pair.client.destroyed) pair.client.write(first);
    }, lag).unref();
  }

  #break(pair: Pair): void {
    this.#pairs.delete(pair);
    pair.client.destroy();
    // Not destroyed: what the client has sent must still reach Redis.
    pair.redis.removeAllListeners('data').resume().end();
  }
}
