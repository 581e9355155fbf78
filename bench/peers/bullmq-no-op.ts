/**
 * BullMQ alone, with jobs that do nothing. It fills its own queue in batches while it drains, because Holdfast hands its
 * jobs over to BullMQ while it drains as well: `addBulk` is in the cost of both.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Queue, Worker } from 'bullmq';
import { takeOrders } from '../orders.ts';

type Order = { add: number } | 'count';

const BATCH = 100;
/** Jobs that wait at once: enough that the worker never runs dry. */
const AHEAD = 300;

const { REDIS_URL = '', BODY = '' } = process.env;
const { hostname: host, port } = new URL(REDIS_URL);
const connection = { host, port: Number(port) };
const queue = new Queue('no-op', { connection });
let [added, ended] = [0, 0];
const worker = new Worker('no-op', async () => 'done', { connection, concurrency: 50 });
worker.on('error', () => undefined).on('completed', () => ended++);

async function fill(total: number): Promise<void> {
  while (added < total) {
    if (added - ended > AHEAD) {
      await delay(1);
      continue;
    }
    const batch = Array.from({ length: Math.min(BATCH, total - added) }, () => ({ name: 'no-op', data: BODY }));
    await queue.addBulk(batch);
    added += batch.length;
  }
}

await Promise.all([queue.waitUntilReady(), worker.waitUntilReady()]);
takeOrders<Order>((order) => {
  if (order === 'count') return ended;
  const filled = fill(added + order.add);
  filled.catch((error) => {
    throw error;
  });
  return null;
});
