/**
 * BullMQ alone, with jobs that do nothing. It adds jobs in batches while it drains its queue. Holdfast also hands jobs to BullMQ
 * while it drains. So `addBulk` is part of the cost of both.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Queue, Worker } from 'bullmq';
import { serveCommands } from '../commands.ts';

type Command = { add: number } | 'count';

const BATCH = 100;
/** How many jobs wait in the queue. Enough that the worker always has one. */
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
serveCommands<Command>((command) => {
  if (command === 'count') return ended;
  const filled = fill(added + command.add);
  filled.catch((error) => {
    throw error;
  });
  return null;
});
