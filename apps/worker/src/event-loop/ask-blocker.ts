/**
 * Asks the main thread, from another thread, what it runs. Node's inspector interrupts it wherever it is in JavaScript, a regular
 * expression included. Inside a system call it answers as soon as that returns.
 */
import { Session } from 'node:inspector';
import { BLOCKER_EXPRESSION, type Blocker } from '../tasks/current-job.ts';

/**
 * @param giveUp ends the wait for an answer
 * @returns null: there was no answer
 */
export function askBlocker(giveUp: AbortSignal): Promise<Blocker | null> {
  return new Promise((resolve) => {
    const session = new Session();
    const settle = (blocker: Blocker | null) => {
      giveUp.removeEventListener('abort', onGiveUp);
      // A session that stays open would keep the process from exiting.
      session.disconnect();
      resolve(blocker);
    };
    const onGiveUp = () => settle(null);
    giveUp.addEventListener('abort', onGiveUp);
    session.connectToMainThread();
    session.post('Runtime.evaluate', { expression: BLOCKER_EXPRESSION, returnByValue: true }, (error, reply) => {
      if (!giveUp.aborted) settle(error ? null : ((reply.result.value as Blocker | undefined) ?? null));
    });
  });
}
