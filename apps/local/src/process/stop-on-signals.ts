/**
 * Stops everything in order on a signal, and at once on a second signal.
 *
 * npm passes Ctrl-C on to this process, which has already received it from the terminal. So two signals that come together
 * count as one. A killed npm passes nothing on; then the change of the parent process counts as the first signal. It never counts
 * as the second: npm often ends before everything is stopped.
 */

interface Stoppable {
  stop(graceMs?: number): Promise<void>;
}

interface StopOptions {
  stack: Stoppable;
  say: (line: string) => void;
  /** Stops when the process that started this one is gone. */
  watchParent: boolean;
}

const SAME_KEYSTROKE_MS = 700;
const PARENT_CHECK_MS = 500;

/** @returns a signal that is aborted once stopping has begun. This process then ends by itself. */
export function stopOnSignals({ stack, say, watchParent }: StopOptions): AbortSignal {
  const stopping = new AbortController();
  let firstAt = 0;
  const end = (graceMs: number | undefined, code: number) => {
    void stack.stop(graceMs).then(
      () => process.exit(code),
      () => process.exit(1),
    );
  };
  const onSignal = () => {
    if (!stopping.signal.aborted) {
      stopping.abort();
      firstAt = performance.now();
      say('\nStopping … (Ctrl-C again ends everything at once)');
      end(undefined, 0);
    } else if (performance.now() - firstAt > SAME_KEYSTROKE_MS) {
      say('Ending everything at once.');
      end(0, 130);
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  if (watchParent) {
    const parent = process.ppid;
    const check = setInterval(() => {
      if (process.ppid === parent) return;
      clearInterval(check);
      if (!stopping.signal.aborted) onSignal();
    }, PARENT_CHECK_MS);
    check.unref();
  }
  return stopping.signal;
}
