/**
 * Real Redis behind held connections: what the code under test takes for its own connection is a wire that the scheduler
 * moves. Messages are held as well: they are there when the command that published them has been executed, and reach
 * their listener when the scheduler lets them.
 */
import { EventEmitter } from 'node:events';
import { scripts } from '@holdfast/cell';
import type { Redis, Script } from '@holdfast/redis';
import { heldScripts } from './cell.ts';
import { Wire } from './wire.ts';

export type Arguments = (string | number)[];

/** A safety that is broken on purpose. */
export interface Switches {
  /** Scripts that are run in place of others, by their digests. */
  scripts?: ReadonlyMap<string, Script>;
  /** The state that a terminal event brings with it is written by a second command. */
  stateApart?: boolean;
  /** Nobody hands over again what was lost on the way to the queue. */
  noMaintenance?: boolean;
  /** Readers read the log before their subscription has come about. */
  lateSubscribe?: boolean;
  /** Tasks aren't given back what they have completed. */
  noRecall?: boolean;
  /** Calls leave without a look at the budget. */
  noReserve?: boolean;
}

/** One real connection for commands and one for messages, shared by all interleavings that run at once. */
export class SharedRedis {
  readonly commands: Redis;
  readonly #messages: Redis;
  readonly #listeners = new Map<string, Set<HeldSubscriber>>();
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

  /** What all interleavings send in one turn of the event loop leaves in one write. */
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

  async subscribe(channel: string, listener: HeldSubscriber): Promise<void> {
    const listeners = this.#listeners.get(channel) ?? new Set();
    this.#listeners.set(channel, listeners.add(listener));
    if (listeners.size === 1) await this.#messages.subscribe(channel);
  }

  async unsubscribe(channel: string, listener: HeldSubscriber): Promise<void> {
    const listeners = this.#listeners.get(channel);
    if (!listeners?.delete(listener) || listeners.size > 0) return;
    this.#listeners.delete(channel);
    await this.#messages.unsubscribe(channel);
  }

  /** Resolves when every message that was published before has arrived. */
  async messagesArrived(): Promise<void> {
    // One question for all who ask in the same turn of the event loop.
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

/** Of the arguments of `finish`: before it come id, attempt, token, seq before and after, and bytes; after it the changes. */
const [STATUS_AT, CHANGES_AT] = [10, 16];

/** What the code under test uses of a connection: any command, `pipeline`, `status`. Scripts are given the cell's time. */
export function heldRedis(wire: Wire, execute: Execute, switches: Switches): Redis {
  const sendScript = ([sha, ...args]: Arguments): Promise<unknown> => {
    const digest = String(sha);
    const script = switches.scripts?.get(digest) ?? heldScripts.get(digest);
    return wire.send('evalsha', () => execute('evalsha', [script?.sha ?? digest, ...args]));
  };
  /** As if the end of an attempt were two steps: its events, then the state that they bring. */
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

/** A connection that receives: subscriptions are commands of its wire, messages wait to be let through. */
export class HeldSubscriber extends EventEmitter {
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

  /** The connection breaks: what was published and not received is lost, and so are the subscriptions. */
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
