/** Loaded before a worker whose config file names the task `block`: jobs that a blocked worker hands back count as crashed. */
import { changeSource } from '../change-source.ts';

const handBack = 'this.#scheduler.handOverAgain(release, { handedBack: true })';
changeSource('packages/queue/src/presence/heartbeat.ts', handBack, 'this.#scheduler.handOverAgain(release)');
