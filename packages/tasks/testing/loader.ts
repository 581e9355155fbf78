/** Task files as a real process loads them: a test runner has a loader of its own, and refuses hooks. For tests. */
import { fork } from 'node:child_process';
import { join } from 'node:path';
import type { Asked, Loaded } from './loader-process.ts';

export interface Loader {
  load(asked: Asked): Promise<Loaded>;
  close(): void;
}

/** A process that loads what it is asked to, one after another; a module stays loaded in it. */
export function openLoader(): Loader {
  const child = fork(join(import.meta.dirname, 'loader-process.ts'), {
    execArgv: ['--conditions=holdfast-source', '--disable-warning=ExperimentalWarning'],
  });
  return {
    load: (asked) =>
      new Promise((resolve, reject) => {
        const onExit = (code: number | null) => reject(new Error(`the loader ended with ${code}`));
        child.once('exit', onExit);
        child.once('message', (loaded) => {
          child.off('exit', onExit);
          resolve(loaded as Loaded);
        });
        child.send(asked);
      }),
    close: () => child.disconnect(),
  };
}
