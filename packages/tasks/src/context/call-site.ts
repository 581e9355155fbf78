/** Where a function was called from, for messages to whoever wrote that line. */
import { fileURLToPath } from 'node:url';
import { shownPath } from '../shown-path.ts';

/**
 * `tasks/triage.ts:11`, relative to the working directory where it lies in there; null where it can't be told.
 * @param callee the call of which is looked for
 */
export function callSiteOf(callee: (...args: never[]) => unknown): string | null {
  const at: { stack?: string } = {};
  Error.captureStackTrace(at, callee);
  const frame = at.stack?.split('\n').find((line) => /^\s+at /.test(line)) ?? '';
  const place = placeInFrame(frame);
  return place && `${shownPath(place.path)}:${place.line}`;
}

/** The file (absolute) and line that a stack frame, or the first line of a syntax error's stack, names; null where it names none. */
export function placeInFrame(frame: string): { path: string; line: number } | null {
  const [, file, line] = /\(?((?:file:\/\/)?\/[^()]*?):(\d+)(?::\d+)?\)?$/.exec(frame) ?? [];
  if (file === undefined) return null;
  return { path: file.startsWith('file://') ? fileURLToPath(file) : file, line: Number(line) };
}
