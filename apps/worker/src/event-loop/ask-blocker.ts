/**
 * Asks the main thread, from another one, what it runs. Node's inspector interrupts it for that, wherever it is in JavaScript, a
 * regular expression included. Inside a call of the operating system it answers as soon as that returns.
 */
import { Session } from 'node:inspector';
import { BLOCKER_EXPRESSION, type Blocker } from '../tasks/current-job.ts';

/**
 * @param giveUp fires when no answer is waited for any more
 * @returns null: there was none
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
