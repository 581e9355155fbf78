/** Those who attach to streams of `resumable-producer.ts`, in a process of their own. */
import { Redis } from 'ioredis';
import { createResumableStreamContext } from 'resumable-stream/ioredis';
import { takeOrders } from '../orders.ts';

export interface ListenerOrder {
  ids: readonly string[];
  /** To each stream. */
  listeners: number;
}

const { REDIS_URL = '' } = process.env;
const context = createResumableStreamContext({
  waitUntil: null,
  publisher: new Redis(REDIS_URL),
  subscriber: new Redis(REDIS_URL),
});

takeOrders<ListenerOrder>(async ({ ids, listeners }) => {
  let events = 0;
  const listen = async (id: string) => {
    const stream = await context.resumeExistingStream(id);
    for await (const piece of stream ?? []) events += piece.split('\n\n').length - 1;
  };
  await Promise.all(ids.flatMap((id) => Array.from({ length: listeners }, () => listen(id))));
  return events;
});
