/**
 * The log: JSON lines. By allow-list: what is logged of an error is its kind, code and place. A prompt, a key or a whole
 * Redis error (whose `command.args` hold the prompt) must not get here.
 */
import { AttemptError } from '@holdfast/core';
import { type Logger as PinoLogger, pino } from 'pino';

export interface LoggedError {
  type: string;
  code?: string;
  message?: string;
  at?: string[];
}

/**
 * What may be logged of an error's message. Some quote what a client sent: JSON.parse its input, zod the value, providers
 * the prompt, Redis a command's arguments (its first word is its code).
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
  // Frames only: the stack begins with the message, which may have lines of its own.
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

/** @param name of the process, as `api` or `worker` */
export function createLogger(name: string, level: string): ServiceLogger {
  return pino({
    name,
    level,
    base: { name, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: describeError, error: describeError },
  });
}
