/**
 * A real Redis behind stepped connections. The code under test gets a `Wire` as its connection, and the interleaving steps it.
 * Messages are stepped too: a message exists once the command that publishes it is executed, and reaches its subscriber when
 * the interleaving delivers it.
 */
import { EventEmitter } from 'node:events';
import { scripts } from '@holdfast/cell';
import type { Redis, Script } from '@holdfast/redis';
import { testScripts } from './cell.ts';
import { Wire } from './wire.ts';

export type Arguments = (string | number)[];

/** Safeties that a test breaks on purpose. */
export interface Switches {
  /** Replacements of scripts, by the digests of the originals. */
  scripts?: ReadonlyMap<string, Script>;
  /** The terminal event and the final state are written by two commands. */
  stateApart?: boolean;
  /** No worker runs maintenance. */
  noMaintenance?: boolean;
  /** Readers read the log before their subscription is confirmed. */
  lateSubscribe?: boolean;
  /** The results of completed steps are not replayed. */
  noReplay?: boolean;
  /** Calls are made without a reservation. */
  noReserve?: boolean;
}

/** One real connection for commands and one for messages, shared by all interleavings that run at the same time. */
export class SharedRedis {
  readonly commands: Redis;
  readonly #messages: Redis;
  readonly #listeners = new Map<string, Set<SteppedSubscriber>>();
  #gathering = false;
  #arrival: Promise<unknown> | null = null;

  constructor(commands: Redis, messages: Redis) {
    this.commands = commands;
    this.#messages = messages;
    messages.on('messageBuffer', (channel: Buffer, message: Buffer) => {
      for (const listener of this.#listeners.get(channel.toString()) ?? []) listener.published(channel, message);
    });
  }

  async run(name: string, args: Arguments): Promise<unknown> {
    this.#gather();
    const command = this.commands[name as 'call'] as (...args: Arguments) => Promise<unknown>;
    return command.apply(this.commands, args);
  }

  /** Sends what all interleavings write in one turn of the event loop in one packet. */
  #gather(): void {
    const { stream } = this.commands;
    if (this.#gathering || !stream) return;
    this.#gathering = true;
    stream.cork();
    setImmediate(() => {
      this.#gathering = false;
      stream.uncork();
    });
  }

  async subscribe(channel: string, listener: SteppedSubscriber): Promise<void> {
    const listeners = this.#listeners.get(channel) ?? new Set();
    this.#listeners.set(channel, listeners.add(listener));
    if (listeners.size === 1) await this.#messages.subscribe(channel);
  }

  async unsubscribe(channel: string, listener: SteppedSubscriber): Promise<void> {
    const listeners = this.#listeners.get(channel);
    if (!listeners?.delete(listener) || listeners.size > 0) return;
    this.#listeners.delete(channel);
    await this.#messages.unsubscribe(channel);
  }

  /** Resolves when every message published before this call has arrived. */
  async messagesArrived(): Promise<void> {
    // One PING for all callers in the same turn of the event loop.
    this.#arrival ??= new Promise((resolve) => {
      setImmediate(() => {
        this.#arrival = null;
        resolve(this.#messages.ping());
      });
    });
    await this.#arrival;
  }
}

export type Execute = (name: string, args: Arguments) => Promise<unknown>;

/** Positions in the arguments of `finish`. Before the status: id, attempt, token, seq before and after, bytes. After it: the changes. */
const [STATUS_AT, CHANGES_AT] = [10, 16];

/** The parts of a connection that the code under test uses: any command, `pipeline`, `status`. Scripts get the test clock. */
export function steppedRedis(wire: Wire, execute: Execute, switches: Switches): Redis {
  const sendScript = ([sha, ...args]: Arguments): Promise<unknown> => {
    const digest = String(sha);
    const script = switches.scripts?.get(digest) ?? testScripts.get(digest);
    return wire.send('evalsha', () => execute('evalsha', [script?.sha ?? digest, ...args]));
  };
  /** Ends an attempt in two commands: its events, then its state. */
  const finishApart = (args: Arguments): Promise<unknown> => {
    const status = String(args[STATUS_AT]);
    const events = [scripts.append.script.sha, ...args.slice(1, STATUS_AT), ...args.slice(CHANGES_AT)];
    const record = `${args[3]}job:${args[4]}`;
    const appended = sendScript(events);
    appended.catch(() => undefined);
    const stated = wire.send('hset', () => execute('hset', [record, 'status', status]));
    return stated.then(() => appended).then(() => ['applied', status]);
  };
  const send = (name: string, args: Arguments): Promise<unknown> => {
    if (name !== 'evalsha') return wire.send(name, () => execute(name, args));
    return switches.stateApart && args[0] === scripts.finish.script.sha ? finishApart(args) : sendScript(args);
  };
  const pipeline = () => {
    const sent: Promise<unknown>[] = [];
    const chain = new Proxy(Object.create(null) as Record<string, unknown>, {
      get(_, name) {
        if (name !== 'exec') return (...args: Arguments) => void sent.push(send(String(name), args));
        return () =>
          Promise.all(
            sent.map((reply) =>
              reply.then(
                (value) => [null, value],
                (error: unknown) => [error, null],
              ),
            ),
          );
      },
    });
    return chain;
  };
  return new Proxy({ status: 'ready' } as unknown as Redis, {
    get(_, name) {
      if (name === 'then') return undefined;
      if (name === 'status') return 'ready';
      if (name === 'pipeline') return pipeline;
      return (...args: Arguments) => send(String(name), args);
    },
  });
}

/** A stepped subscriber connection: subscriptions are commands of its wire, and messages wait until they are delivered. */
export class SteppedSubscriber extends EventEmitter {
  readonly wire: Wire;
  readonly #shared: SharedRedis;
  readonly #channels = new Set<string>();
  #messages: [Buffer, Buffer][] = [];
  #dead = false;
  status: 'ready' | 'reconnecting' = 'ready';

  constructor(name: string, shared: SharedRedis) {
    super();
    this.wire = new Wire(name);
    this.#shared = shared;
  }

  get listening(): boolean {
    return this.#channels.size > 0;
  }

  get canReceive(): boolean {
    return this.#messages.length > 0 && this.status === 'ready' && !this.#dead;
  }

  async subscribe(...channels: string[]): Promise<unknown> {
    return this.wire.send('subscribe', async () => {
      for (const channel of channels) {
        this.#channels.add(channel);
        await this.#shared.subscribe(channel, this);
      }
    });
  }

  async unsubscribe(...channels: (string | Buffer)[]): Promise<unknown> {
    return this.wire.send('unsubscribe', async () => {
      for (const channel of channels.map(String)) {
        this.#channels.delete(channel);
        await this.#shared.unsubscribe(channel, this);
      }
    });
  }

  published(channel: Buffer, message: Buffer): void {
    this.#messages.push([channel, message]);
  }

  receive(): void {
    const [channel, message] = this.#messages.shift() ?? [];
    if (channel) this.emit('messageBuffer', channel, message);
  }

  /** Breaks the connection: undelivered messages and all subscriptions are lost. */
  async cut(): Promise<void> {
    await this.close();
    this.#dead = false;
    this.status = 'reconnecting';
  }

  reconnect(): void {
    this.status = 'ready';
    this.emit('ready');
  }

  async close(): Promise<void> {
    this.#dead = true;
    this.#messages = [];
    const channels = [...this.#channels];
    this.#channels.clear();
    for (const channel of channels) await this.#shared.unsubscribe(channel, this);
  }
}
