/** Changes a process from outside, before it starts: for the switches in `preloads/`. */
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const root = join(import.meta.dirname, '../../..');

/**
 * Of a source file that is loaded from here on, this part becomes another. A process whose file has it no more, or more than
 * once, doesn't start: a switch must not stay behind what it breaks.
 */
export function changeSource(file: string, part: string, other: string): void {
  const changed = pathToFileURL(join(root, file)).href;
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context);
      if (url !== changed) return loaded;
      const [before, after, ...more] = String(loaded.source).split(part);
      if (after === undefined || more.length > 0) throw new Error(`${file} doesn't have once: ${part}`);
      return { ...loaded, source: `${before}${other}${after}` };
    },
  });
}
