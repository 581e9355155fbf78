/** The thread of `loop-watcher.ts`, with a connection to Redis and a log of its own: the main thread's may be blocked. */
import { parentPort, workerData } from 'node:worker_threads';
import { Cell } from '@holdfast/cell';
import { countBlock, Heartbeat, sayAlive } from '@holdfast/queue/without-bullmq';
import { connectRedis } from '@holdfast/redis';
import { createLogger } from '@holdfast/service/logger';
import { askBlocker } from './ask-blocker.ts';
import { BEAT_MS, LoopState } from './loop-state.ts';
import { LoopWatcher } from './loop-watcher.ts';
import type { WatcherData, WorkedCell } from './watch-loop.ts';

const LOGGED_WITHIN_MS = 1_000;

const { redisUrl, prefix, retentionMs, logLevel, blockedLimitMs, memory, presence } = workerData as WatcherData;
const logger = createLogger('worker', logLevel);
const redis = connectRedis(redisUrl, 'worker', logger);
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
    if (state.takesJobs) await sayAlive(redis, prefix, presence);
  },
  async handBack(except) {
    const counts = await Promise.all(heartbeats.map((heartbeat) => heartbeat.handBack({ except })));
    return counts.reduce((sum, count) => sum + count, 0);
  },
  count: (block) => countBlock(redis, prefix, block),
  end() {
    // Not by `process.exit`, which ends this thread alone; nor by a signal that the blocked thread would have to handle.
    const kill = () => process.kill(process.pid, 'SIGKILL');
    // What was logged is still on its way. Whoever reads it may be slow, or gone.
    setTimeout(kill, LOGGED_WITHIN_MS);
    logger.flush(kill);
  },
});
setInterval(() => watcher.look(), BEAT_MS);
