/**
 * The log: JSON lines. Of an error only its type, code and place are logged. A prompt, a key or a whole Redis error (whose
 * `command.args` contain the prompt) must never get here.
 *
 * There are at most 10 lines a second of level warn and above: an outage fails every request and job at once, and its log must not fill
 * the disk. The next line counts the suppressed ones. Info and debug are not limited.
 */
import { AttemptError } from '@holdfast/core';
import { type DestinationStream, type Logger as PinoLogger, pino } from 'pino';
import { LineLimiter } from './line-limiter.ts';

export interface LoggedError {
  type: string;
  code?: string;
  message?: string;
  at?: string[];
}

/**
 * The part of an error's message that may be logged. Some messages quote what a client sent: JSON.parse its input, zod the value,
 * providers the prompt, Redis a command's arguments (only the first word, its code, is logged).
 */
function loggableMessage(error: Error): string | undefined {
  if (error instanceof SyntaxError || error instanceof AttemptError || error.name === 'ZodError') return undefined;
  if (error.name === 'ReplyError') return error.message.split(' ', 1)[0];
  return error.message.slice(0, 300);
}

export function describeError(error: unknown): LoggedError {
  if (!(error instanceof Error)) return { type: typeof error };
  const { code } = error as { code?: unknown };
  const message = loggableMessage(error);
  // Only the frames: the stack begins with the message, which may have several lines.
  const frames = error.stack?.slice(error.stack.indexOf(error.message) + error.message.length).split('\n');
  const at = frames?.filter((line) => /^\s+at /.test(line)).slice(0, 8);
  return {
    type: error.name,
    ...(typeof code === 'string' ? { code } : {}),
    ...(message === undefined ? {} : { message }),
    ...(at ? { at: at.map((line) => line.trim().slice(3)) } : {}),
  };
}

export type ServiceLogger = PinoLogger;

const ALARMS_PER_SECOND = 10;
const { warn: WARN = 40 } = pino.levels.values;

type LogArguments = Parameters<PinoLogger['warn']>;

/** The arguments of a log call, with the field `suppressed`. */
function withSuppressed([first, ...rest]: LogArguments, suppressed: number): LogArguments {
  if (first instanceof Error) return [{ err: first, suppressed }, ...rest];
  if (typeof first === 'object') return [{ ...first, suppressed }, ...rest];
  return [{ suppressed }, first, ...rest] as LogArguments;
}

interface LoggerOptions {
  /** A clock that never goes back, in ms. */
  now?: () => number;
  /** Default: standard output. */
  destination?: DestinationStream;
  /** true: the line is written when the call returns, for a process that is about to be killed. Default false: soon after. */
  isSync?: boolean;
}

/** @param name of the process, as `api` or `worker` */
export function createLogger(name: string, level: string, options: LoggerOptions = {}): ServiceLogger {
  const { now = () => performance.now(), isSync = false } = options;
  const { destination = pino.destination({ dest: 1, sync: isSync }) } = options;
  // One for the process: child loggers share it.
  const limiter = new LineLimiter({ perSecond: ALARMS_PER_SECOND, now });
  return pino(
    {
      name,
      level,
      base: { name, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError, error: describeError },
      hooks: {
        logMethod(args, method, lineLevel) {
          const suppressed = lineLevel < WARN ? 0 : limiter.admit();
          if (suppressed === null) return;
          method.apply(this, suppressed === 0 ? args : withSuppressed(args, suppressed));
        },
      },
    },
    destination,
  );
}
