/**
 * `holdfast dev`: what is saved runs, without a restart by hand.
 *
 *   watch ──a file has changed──▶ look, in a new process
 *     ▲                            ├──it doesn't fit──▶ said, with file and line; what runs goes on running
 *     │                            ├──nothing is another──▶ nothing
 *     │                            └──it fits──▶ API, console and workers start anew; jobs under way are drained or taken over
 *     └────────────────────────────────────────┘
 */
import { relative } from 'node:path';
import type { Look } from './look.ts';
import { changesBetween, contentsOf, FileWatch, type Watched } from './watch-files.ts';

interface ReloadOptions {
  /** A fresh look at what the files hold. */
  look: () => Promise<Look>;
  /** Makes what runs run what was looked at. */
  reload: (look: Look) => Promise<void>;
  write: (line: string) => void;
}

export class TaskReloader {
  readonly #options: ReloadOptions;
  readonly #watch: FileWatch;
  #watched: Watched = { files: [], directories: [] };
  #contents = new Map<string, string>();
  /** Of what runs. */
  #digest: string | null = null;
  #isAtFault = false;
  /** A fault is said once for each time that files are saved, however often they are looked at. */
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

  /** @param look at what runs */
  begin(look: Look): void {
    this.#digest = look.digest;
    this.#see(look);
    // What was saved since that look.
    void this.#changed();
  }

  close(): void {
    this.#isClosed = true;
    this.#watch.close();
  }

  async #changed(): Promise<void> {
    // Asked again once it is done.
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
    if (look.fault !== null) return this.#tellFault(`Not reloaded, what ran before goes on:\n${look.fault}`);
    const isMended = this.#isAtFault;
    this.#isAtFault = false;
    if (look.digest === this.#digest) {
      if (isMended) write('Mended: the tasks are those that run.');
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
    // Where something is wrong, not all of what the tasks are made of is known.
    const { files: more, directories: others } = fault === null ? { files: [], directories: [] } : this.#watched;
    const watched = { files: [...more, ...files], directories: [...others, ...directories] };
    this.#watched = { files: [...new Set(watched.files)], directories: [...new Set(watched.directories)] };
    this.#watch.set(this.#watched);
  }
}
