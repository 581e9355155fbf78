/** Loaded before a worker whose config file names the task `block`: while its event loop is blocked, the locks of its jobs are not renewed. */
import { changeSource } from '../change-source.ts';

const renew = 'await Promise.all(heartbeats.map((heartbeat) => heartbeat.renew(state)));';
changeSource('apps/worker/src/event-loop/loop-watcher-thread.ts', renew, '');
