/** The readers of the streams of `resumable-producer.ts`, in their own process. */
import { Redis } from 'ioredis';
import { createResumableStreamContext } from 'resumable-stream/ioredis';
import { serveCommands } from '../commands.ts';

export interface ListenerCommand {
  ids: readonly string[];
  /** How many for each stream. */
  listeners: number;
}

const { REDIS_URL = '' } = process.env;
const context = createResumableStreamContext({
  waitUntil: null,
  publisher: new Redis(REDIS_URL),
  subscriber: new Redis(REDIS_URL),
});

serveCommands<ListenerCommand>(async ({ ids, listeners }) => {
  let events = 0;
  const listen = async (id: string) => {
    const stream = await context.resumeExistingStream(id);
    for await (const piece of stream ?? []) events += piece.split('\n\n').length - 1;
  };
  await Promise.all(ids.flatMap((id) => Array.from({ length: listeners }, () => listen(id))));
  return events;
});
