import { relative } from 'node:path';

/** A file as people name it: relative to the working directory where it lies in there. @param path absolute */
export function shownPath(path: string): string {
  const near = relative(process.cwd(), path);
  return near === '' || near.startsWith('..') ? path : near;
}
