/**
 * Tells when some of the files may have changed. Directories are watched, not files: editors put a new file in the place of the
 * old one. What really has changed is told by what the files hold.
 */
import { createHash } from 'node:crypto';
import { type FSWatcher, readdirSync, readFileSync, watch } from 'node:fs';
import { dirname, join } from 'node:path';

/** An editor writes a file in several goes, and saves several files at once. */
const QUIET_MS = 100;

export interface Watched {
  files: readonly string[];
  /** Where files may come and go. */
  directories: readonly string[];
}

export class FileWatch {
  readonly #onChange: () => void;
  readonly #onFault: (message: string) => void;
  #watchers = new Map<string, FSWatcher>();
  #timer: NodeJS.Timeout | undefined;

  /** @param onFault told where a directory can't be watched */
  constructor(onChange: () => void, onFault: (message: string) => void) {
    this.#onChange = onChange;
    this.#onFault = onFault;
  }

  /** Watches these from now on, and nothing else. */
  set({ files, directories }: Watched): void {
    const wanted = new Set([...files.map((file) => dirname(file)), ...directories]);
    for (const [directory, watcher] of this.#watchers) {
      if (wanted.has(directory)) continue;
      watcher.close();
      this.#watchers.delete(directory);
    }
    for (const directory of wanted) if (!this.#watchers.has(directory)) this.#add(directory);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.set({ files: [], directories: [] });
  }

  #add(directory: string): void {
    try {
      const watcher = watch(directory, () => this.#changed());
      // It was removed: what it held may come back.
      watcher.on('error', () => this.#changed());
      this.#watchers.set(directory, watcher);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const remedy = code === 'ENOSPC' ? ' Raise fs.inotify.max_user_watches.' : '';
      if (code !== 'ENOENT') this.#onFault(`${directory} can't be watched (${code ?? message}).${remedy}`);
    }
  }

  #changed(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#onChange, QUIET_MS);
  }
}

/** What the files hold, and the modules that the directories have, by path; files that can't be read have none. */
export function contentsOf({ files, directories }: Watched): Map<string, string> {
  const listed = directories.flatMap(modulesIn);
  return new Map([...new Set([...files, ...listed])].map((file) => [file, contentOf(file)]));
}

function modulesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
      .filter((name) => /\.(?:[cm]?[jt]s|json)$/.test(name))
      .map((name) => join(directory, name));
  } catch {
    return [];
  }
}

function contentOf(file: string): string {
  try {
    return createHash('sha256').update(readFileSync(file)).digest('hex');
  } catch {
    return '';
  }
}

/** Paths whose contents differ. */
export function changesBetween(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] {
  const paths = new Set([...before.keys(), ...after.keys()]);
  return [...paths].filter((path) => before.get(path) !== after.get(path)).sort();
}
