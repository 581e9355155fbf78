/** The thread of `loop-watcher.ts`, with a connection to Redis and a log of its own: the main thread's may be blocked. */
import { parentPort, workerData } from 'node:worker_threads';
import { Cell } from '@holdfast/cell';
import { announceOnce, countBlock, Heartbeat } from '@holdfast/queue/without-bullmq';
import { connectRedis } from '@holdfast/redis';
import { createLogger } from '@holdfast/service/logger';
import { askBlocker } from './ask-blocker.ts';
import { BEAT_MS, LoopState } from './loop-state.ts';
import { LoopWatcher } from './loop-watcher.ts';
import type { WatcherData, WorkedCell } from './watch-loop.ts';

const { redisUrl, prefix, retentionMs, logLevel, blockedLimitMs, memory, presence } = workerData as WatcherData;
// It may kill the process right after it has said why.
const logger = createLogger('worker', logLevel, { isSync: true });
const redis = connectRedis(redisUrl, 'worker', null);
const state = new LoopState(memory);
const heartbeats: Heartbeat[] = [];

parentPort?.on('message', ({ cell, lanes }: WorkedCell) => {
  heartbeats.push(new Heartbeat(new Cell({ redis, prefix, name: cell, retentionMs }), lanes));
});

const watcher = new LoopWatcher({
  state,
  everyMs: BEAT_MS,
  limitMs: blockedLimitMs,
  logger,
  ask: askBlocker,
  async keep() {
    await Promise.all(heartbeats.map((heartbeat) => heartbeat.renew(state)));
    if (state.takesJobs) await announceOnce(redis, prefix, presence);
  },
  async handBack(except) {
    const counts = await Promise.all(heartbeats.map((heartbeat) => heartbeat.handBack({ except })));
    return counts.reduce((sum, count) => sum + count, 0);
  },
  count: (block) => countBlock(redis, prefix, block),
  // `process.exit` would end this thread alone, and the blocked thread can't handle another signal.
  end: () => process.kill(process.pid, 'SIGKILL'),
});
setInterval(() => watcher.look(), BEAT_MS);
