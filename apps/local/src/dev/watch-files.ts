/**
 * Reports when one of the files may have changed. It watches directories, not files, because editors replace a file by a new
 * one. Whether a file has really changed is decided by its content.
 */
import { createHash } from 'node:crypto';
import { type FSWatcher, readdirSync, readFileSync, watch } from 'node:fs';
import { dirname, join } from 'node:path';

/** An editor writes a file in several steps, and saves several files at once. Changes within this time count as one. */
const QUIET_MS = 100;

export interface Watched {
  files: readonly string[];
  /** Directories in which files may appear and disappear. */
  directories: readonly string[];
}

export class FileWatch {
  readonly #onChange: () => void;
  readonly #onFault: (message: string) => void;
  #watchers = new Map<string, FSWatcher>();
  #timer: NodeJS.Timeout | undefined;

  /** @param onFault called when a directory can't be watched */
  constructor(onChange: () => void, onFault: (message: string) => void) {
    this.#onChange = onChange;
    this.#onFault = onFault;
  }

  /** Watches only these from now on. */
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
      // The directory was removed, and its files may come back.
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

/** Digests of the files, and of the modules in the directories, by path. A file that can't be read has an empty digest. */
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

/** Paths whose content differs. */
export function changesBetween(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] {
  const paths = new Set([...before.keys(), ...after.keys()]);
  return [...paths].filter((path) => before.get(path) !== after.get(path)).sort();
}
