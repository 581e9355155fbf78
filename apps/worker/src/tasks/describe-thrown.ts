/**
 * Describes an error that a task threw, for its author, in the worker's log: name, message, where it was thrown, and its causes.
 * Readers of the log may see what a message quotes. What clients see is decided in `attempt/execute-task.ts`.
 */
import { types } from 'node:util';

export interface Thrown {
  type: string;
  code?: string;
  message: string;
  /** Stack frames, the one that threw first. Node's own are left out, unless there are no others. */
  at: string[];
  cause?: Thrown;
}

const MAX_MESSAGE = 1_000;
const MAX_FRAMES = 10;
const MAX_CAUSES = 3;

/** @param thrown anything: code can throw values that aren't errors */
export function describeThrown(thrown: unknown, causes = MAX_CAUSES): Thrown {
  const isError = isAnError(thrown);
  const { code, cause, errors } = (isError ? thrown : {}) as { code?: unknown; cause?: unknown; errors?: unknown };
  // Errors of `Promise.any` and the like hold others: the first one is shown as the cause.
  const [first] = Array.isArray(errors) ? errors : [];
  const next = cause ?? first;
  return {
    type: isError ? thrown.name : typeof thrown,
    ...(typeof code === 'string' ? { code } : {}),
    message: messageOf(thrown),
    at: isError ? framesOf(thrown) : [],
    ...(next !== undefined && causes > 0 ? { cause: describeThrown(next, causes - 1) } : {}),
  };
}

/** The message alone, cut where it is long. */
export function messageOf(thrown: unknown): string {
  return textOf(thrown).slice(0, MAX_MESSAGE).toWellFormed();
}

/** Also one of another realm. */
function isAnError(thrown: unknown): thrown is Error {
  return thrown instanceof Error || types.isNativeError(thrown);
}

function textOf(thrown: unknown): string {
  if (isAnError(thrown)) return String(thrown.message);
  try {
    return typeof thrown === 'object' ? (JSON.stringify(thrown) ?? '') : String(thrown);
  } catch {
    return '';
  }
}

function framesOf({ message, stack }: Error): string[] {
  const text = String(stack ?? '');
  // The stack begins with the message, which may have lines of its own.
  const begin = text.indexOf(message);
  const lines = text.slice(begin < 0 ? 0 : begin + message.length).split('\n');
  const frames = lines.filter((line) => /^\s+at /.test(line)).map((line) => line.trim().slice(3));
  const own = frames.filter((frame) => !frame.includes('node:'));
  return (own.length > 0 ? own : frames).slice(0, MAX_FRAMES);
}
