/** Changes the source of a process before it starts. The switches in `preloads/` use it. */
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const root = join(import.meta.dirname, '../../..');

/**
 * Replaces a part of a source file that the process loads later.
 * @throws Error when the file has the part not at all, or more than once: the process doesn't start. So a switch can't
 * silently stop working when the source changes.
 */
export function changeSource(file: string, part: string, other: string): void {
  const changed = pathToFileURL(join(root, file)).href;
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context);
      if (url !== changed) return loaded;
      const [before, after, ...more] = String(loaded.source).split(part);
      if (after === undefined || more.length > 0) throw new Error(`${file} must have this part exactly once: ${part}`);
      return { ...loaded, source: `${before}${other}${after}` };
    },
  });
}
