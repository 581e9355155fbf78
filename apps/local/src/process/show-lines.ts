/**
 * Shows each line of a service as a short line with the service's name. Log entries (pino's JSON lines) are filtered: warnings,
 * errors and the entries of tasks (`ctx.logger`), or everything. A line that is not JSON, such as the stack of a crash, is shown
 * as it is.
 */
import { z } from 'zod';

const LEVELS = { trace: 10, debug: 20, info: 30, warn: 40, error: 50, fatal: 60 } as const;

const logLineSchema = z.looseObject({
  level: z
    .union([z.number(), z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']).transform((name) => LEVELS[name])])
    .default(LEVELS.info),
  msg: z.string(),
  /** The task that wrote the entry. A service's own entries below `warn` have none. */
  task: z.string().optional(),
});
type LogLine = z.infer<typeof logLineSchema>;

/** Fields that are not shown: the line has the service's name already, and the rest doesn't help people. */
const UNSHOWN = new Set(['level', 'msg', 'time', 'pid', 'hostname', 'name', 'v', 'service']);

/** The line as a log entry; null when it isn't one. */
export function parseLogLine(line: string): LogLine | null {
  if (!line.startsWith('{')) return null;
  try {
    return logLineSchema.parse(JSON.parse(line));
  } catch {
    return null;
  }
}

function levelName(level: number): string {
  const [name = 'fatal'] = Object.entries(LEVELS).find(([, least]) => level <= least) ?? [];
  return name.toUpperCase();
}

/** An error as the services log it: kind, code, place and cause; or as pino logs it, with its stack. */
const loggedErrorSchema = z.object({
  type: z.string(),
  code: z.string().optional(),
  message: z.string().default(''),
  at: z.array(z.string()).default([]),
  stack: z.string().optional(),
  cause: z.unknown().optional(),
});

function showError(value: unknown): string | null {
  const error = loggedErrorSchema.safeParse(value);
  if (!error.success) return null;
  const { type, code, message, at, stack, cause } = error.data;
  const caused = showError(cause);
  const shown = stack ?? [`${type}${code ? ` ${code}` : ''}: ${message}`, ...at].join('\n    at ');
  return caused === null ? shown : `${shown}\n    caused by ${caused}`;
}

function showField([name, value]: [string, unknown]): string {
  return `${name}=${showError(value) ?? (typeof value === 'string' ? value : JSON.stringify(value))}`;
}

function isShown({ level, task }: LogLine): boolean {
  return level >= (task === undefined ? LEVELS.warn : LEVELS.info);
}

/**
 * @param write gets the lines to show, without line breaks at their end
 * @param showAll shows all log entries
 */
export function showLines(name: string, write: (line: string) => void, showAll: boolean): (line: string) => void {
  const prefix = `${name.padEnd(9)} │ `;
  return (line) => {
    const entry = parseLogLine(line);
    if (entry === null) {
      write(prefix + line);
    } else if (showAll || isShown(entry)) {
      const fields = Object.entries(entry).filter(([field]) => !UNSHOWN.has(field));
      write(prefix + [levelName(entry.level), entry.msg, ...fields.map(showField)].join(' '));
    }
  };
}
