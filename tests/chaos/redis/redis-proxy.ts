/**
 * A line to Redis that can be disturbed as networks are, while both ends stay as they are.
 *
 *   cutReply  the next command reaches Redis and is done there; its connection breaks before the reply is back
 *   hold      nothing passes in either direction, with every connection left open; new ones are taken and hear nothing
 *   resume    what was held is delivered, late, as TCP does after a partition
 *   leadTo    breaks every connection; new ones lead to another Redis
 *   lagMs     what Redis says is under way for so long; what is under way when the connection breaks is lost
 *
 * It knows no Redis protocol. A command is what a client sends at once, which may be several.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';

interface Pair {
  client: Socket;
  redis: Socket;
  /** From Redis, in order. */
  underWay: Buffer[];
}

export class RedisProxy {
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  #port: number;
  #held = false;
  #cut: { asked: Set<Pair>; done: () => void } | null = null;
  /** How long the next chunk from Redis takes, in ms. */
  lagMs: () => number = () => 0;

  private constructor(port: number) {
    this.#port = port;
    this.#server = createServer((client) => this.#join(client));
  }

  /** @param url of the Redis that it leads to */
  static async open(url: string): Promise<RedisProxy> {
    const proxy = new RedisProxy(Number(new URL(url).port));
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    const { port } = this.#server.address() as { port: number };
    return `redis://127.0.0.1:${port}`;
  }

  /** Cuts off one reply: the first to a command that is sent from now on. Resolves when it has. */
  async cutReply(): Promise<void> {
    await new Promise<void>((done) => {
      this.#cut = { asked: new Set(), done };
    });
  }

  hold(): void {
    this.#held = true;
    for (const { client, redis } of this.#pairs) for (const socket of [client, redis]) socket.pause();
  }

  resume(): void {
    this.#held = false;
    for (const { client, redis } of this.#pairs) for (const socket of [client, redis]) socket.resume();
  }

  leadTo(url: string): void {
    this.#port = Number(new URL(url).port);
    for (const pair of this.#pairs) this.#break(pair);
  }

  async close(): Promise<void> {
    for (const pair of this.#pairs) this.#break(pair);
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(client: Socket): void {
    const redis = connect(this.#port, '127.0.0.1');
    const pair: Pair = { client, redis, underWay: [] };
    this.#pairs.add(pair);
    for (const socket of [client, redis]) {
      socket.setNoDelay(true);
      // 'close' comes after it, and says all that matters.
      socket.on('error', () => undefined);
      socket.on('close', () => this.#break(pair));
    }
    client.on('data', (command) => {
      this.#cut?.asked.add(pair);
      redis.write(command);
    });
    redis.on('data', (reply) => this.#answer(pair, reply));
    if (this.#held) for (const socket of [client, redis]) socket.pause();
  }

  #answer(pair: Pair, reply: Buffer): void {
    const cut = this.#cut;
    if (cut?.asked.has(pair)) {
      this.#cut = null;
      this.#break(pair);
      cut.done();
      return;
    }
    const lag = this.lagMs();
    if (lag === 0 && pair.underWay.length === 0) {
      pair.client.write(reply);
      return;
    }
    pair.underWay.push(reply);
    // Whichever timer is first delivers what was sent first.
    setTimeout(() => {
      const first = pair.underWay.shift();
      if (first && !pair.client.destroyed) pair.client.write(first);
    }, lag).unref();
  }

  #break(pair: Pair): void {
    this.#pairs.delete(pair);
    pair.client.destroy();
    // Not destroyed: what was sent to Redis is to arrive there.
    pair.redis.removeAllListeners('data').resume().end();
  }
}
