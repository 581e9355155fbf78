/** Where a function was called from, for messages to whoever wrote that line. */
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * `packages/tasks/src/own/triage.ts:11`, relative to the working directory where it lies in there; null where it can't be told.
 * @param callee the call of which is looked for
 */
export function callSiteOf(callee: (...args: never[]) => unknown): string | null {
  const at: { stack?: string } = {};
  Error.captureStackTrace(at, callee);
  const frame = at.stack?.split('\n').find((line) => /^\s+at /.test(line)) ?? '';
  const [, file, line] = /\(?((?:file:\/\/)?\/[^()]*):(\d+):\d+\)?$/.exec(frame) ?? [];
  if (file === undefined) return null;
  const path = file.startsWith('file://') ? fileURLToPath(file) : file;
  const near = relative(process.cwd(), path);
  return `${near.startsWith('..') ? path : near}:${line}`;
}
