/** The subjects. Each reads one answer, and calls `onText` as soon as a piece of it arrives. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Holdfast } from '@holdfast/client';
import { disconnectRedis } from '@holdfast/redis';
import { openRedis } from '../open-redis.ts';
import type { RelayCommand } from '../publish-relay.ts';
import { openProvider, readStraight, requestFor } from './read-straight.ts';

export interface Subject {
  readAnswer(sim: string, onText: (text: string) => void): Promise<void>;
  close(): Promise<void>;
}

/** The reader calls the provider itself. */
export function straight(simulatorUrl: string): Subject {
  const provider = openProvider(simulatorUrl);
  return { readAnswer: (sim, onText) => readStraight(provider, sim, onText), close: async () => {} };
}

/** Submits to Holdfast. The reader attaches before the first token is written. */
export function throughHoldfast(client: Holdfast): Subject {
  return {
    async readAnswer(sim, onText) {
      const { job } = await client.submit({ task: 'chat.completions', input: requestFor(sim) });
      for await (const event of client.attach(job.id)) {
        if (event.type === 'text.delta') onText(event.data.text);
        if (event.type === 'job.failed') throw new Error(event.data.error.message);
      }
    },
    close: async () => {},
  };
}

/**
 * The minimum: another process calls the provider and PUBLISHes each token, and the reader subscribes. Nothing is stored. A reader
 * that comes late or loses its connection loses the text.
 */
export async function throughPublish(simulatorUrl: string, redisUrl: string): Promise<Subject> {
  const relay = fork(join(import.meta.dirname, '../publish-relay.ts'), [simulatorUrl, redisUrl], {
    execArgv: ['--conditions=holdfast-source'],
  });
  const exited = once(relay, 'exit');
  const broken = exited.then(([code]) => Promise.reject(new Error(`publish-relay.ts ended with ${code}`)));
  broken.catch(() => undefined);
  await Promise.race([once(relay, 'message'), broken]);
  const redis = await openRedis(redisUrl, 'subscriber');
  const listeners = new Map<string, (text: string) => void>();
  redis.on('message', (channel: string, text: string) => listeners.get(channel)?.(text));
  let count = 0;
  return {
    async readAnswer(sim, onText) {
      const channel = `token-delay:${count++}`;
      const ended = Promise.withResolvers<void>();
      listeners.set(channel, (text) => (text === 'end' ? ended.resolve() : onText(text)));
      await redis.subscribe(channel);
      send(relay, { channel, sim });
      await Promise.race([ended.promise, broken]);
      listeners.delete(channel);
      await redis.unsubscribe(channel);
    },
    async close() {
      relay.disconnect();
      await Promise.all([exited, disconnectRedis(redis)]);
    },
  };
}

function send(relay: ChildProcess, command: RelayCommand): void {
  relay.send(command);
}
