/**
 * Shows what a service writes, as one short line each under the service's name. Its log (JSON lines, as pino writes
 * them) is filtered: warnings, errors and what tasks say (`ctx.logger`), or everything. Whatever is no JSON, as the stack of a
 * crash, is shown as it is.
 */
import { z } from 'zod';

const LEVELS = { trace: 10, debug: 20, info: 30, warn: 40, error: 50, fatal: 60 } as const;

const logLineSchema = z.looseObject({
  level: z
    .union([z.number(), z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']).transform((name) => LEVELS[name])])
    .default(LEVELS.info),
  msg: z.string(),
  /** Name of the task that says it; a service's own lines below `warn` have none. */
  task: z.string().optional(),
});
type LogLine = z.infer<typeof logLineSchema>;

/** Fields that say nothing on a screen where the service's name is beside them. */
const UNSHOWN = new Set(['level', 'msg', 'time', 'pid', 'hostname', 'name', 'v', 'service']);

/** The line as a log entry; null when it is none. */
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

/** An error as the services log it: its kind, code and place, and what caused it; or as pino does, with its stack. */
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
 * @param showAll shows the other log entries as well
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
