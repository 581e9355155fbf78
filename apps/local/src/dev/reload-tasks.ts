/**
 * `holdfast dev`: saved changes run without a restart by hand.
 *
 *   watch ──a file has changed──▶ load the tasks in a new process
 *     ▲                            ├──not valid──▶ the error is shown, with file and line; the old code goes on running
 *     │                            ├──nothing differs──▶ nothing
 *     │                            └──valid──▶ API, console and workers restart; running jobs end, or the new workers take them over
 *     └────────────────────────────────────────┘
 */
import { relative } from 'node:path';
import type { Look } from './look.ts';
import { changesBetween, contentsOf, FileWatch, type Watched } from './watch-files.ts';

interface ReloadOptions {
  /** Loads the files in a new process. */
  look: () => Promise<Look>;
  /** Restarts the processes with what was loaded. */
  reload: (look: Look) => Promise<void>;
  write: (line: string) => void;
}

export class TaskReloader {
  readonly #options: ReloadOptions;
  readonly #watch: FileWatch;
  #watched: Watched = { files: [], directories: [] };
  #contents = new Map<string, string>();
  /** The digest of the running tasks and settings. */
  #digest: string | null = null;
  #isAtFault = false;
  /** The last error shown. Each save shows an error only once, however often the files are loaded. */
  #said = '';
  #isBusy = false;
  #isClosed = false;

  constructor(options: ReloadOptions) {
    this.#options = options;
    this.#watch = new FileWatch(
      () => void this.#changed(),
      (message) => options.write(`Warning: ${message}`),
    );
  }

  /** @param look what is running now */
  begin(look: Look): void {
    this.#digest = look.digest;
    this.#see(look);
    // Files may have been saved since they were loaded.
    void this.#changed();
  }

  close(): void {
    this.#isClosed = true;
    this.#watch.close();
  }

  async #changed(): Promise<void> {
    // The running check finds this change too: it repeats until nothing has changed.
    if (this.#isBusy || this.#isClosed) return;
    this.#isBusy = true;
    this.#said = '';
    try {
      while (!this.#isClosed && (await this.#lookAgain()));
    } finally {
      this.#isBusy = false;
    }
  }

  /** @returns whether something may have changed meanwhile */
  async #lookAgain(): Promise<boolean> {
    const contents = contentsOf(this.#watched);
    const changes = changesBetween(this.#contents, contents);
    if (changes.length === 0) return false;
    this.#contents = contents;
    await this.#take(changes).catch((error: unknown) => {
      if (this.#isClosed) return;
      this.#tellFault(`Not reloaded: ${error instanceof Error ? error.message : String(error)}`);
    });
    return true;
  }

  async #take(changes: readonly string[]): Promise<void> {
    const { look: lookAgain, reload, write } = this.#options;
    const look = await lookAgain();
    this.#see(look);
    if (look.fault !== null) return this.#tellFault(`Not reloaded; the old code goes on running:\n${look.fault}`);
    const isMended = this.#isAtFault;
    this.#isAtFault = false;
    if (look.digest === this.#digest) {
      if (isMended) write('Corrected: the files are the same as the running code.');
      return;
    }
    const known = changes.filter((path) => look.files.includes(path));
    const names = (known.length > 0 ? known : changes).map((path) => relative(process.cwd(), path));
    write(`${names.join(', ')} changed: reloading …`);
    const begunAt = performance.now();
    this.#digest = null;
    await reload(look);
    this.#digest = look.digest;
    const seconds = ((performance.now() - begunAt) / 1_000).toFixed(1);
    write(`Reloaded in ${seconds} s. Jobs that were running go on; new ones run the new code.`);
  }

  #tellFault(message: string): void {
    this.#isAtFault = true;
    if (message !== this.#said) this.#options.write(message);
    this.#said = message;
  }

  #see({ fault, files, directories }: Look): void {
    // After an error not all modules of the tasks are known, so the earlier ones stay watched.
    const { files: more, directories: others } = fault === null ? { files: [], directories: [] } : this.#watched;
    const watched = { files: [...more, ...files], directories: [...others, ...directories] };
    this.#watched = { files: [...new Set(watched.files)], directories: [...new Set(watched.directories)] };
    this.#watch.set(this.#watched);
  }
}
