import type { Logger } from '@holdfast/core';

/** The same log, with the trace in each line. Its fields can't hide it. */
export function withTraceId(logger: Logger, traceId: string | null): Logger {
  if (traceId === null) return logger;
  const at = (level: keyof Logger) => (fields: object, message: string) =>
    logger[level]({ ...fields, traceId }, message);
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
