/** An exporter whose failures are in the log: once when the collector stops taking spans, and once when it takes them again. */
import type { Logger } from '@holdfast/core';
import type { SpanExporter } from '@opentelemetry/sdk-trace';

type Export = Parameters<SpanExporter['export']>;

/** `ExportResultCode.SUCCESS` of a package that nothing else here needs. */
const SUCCESS = 0;

export class WatchedExporter implements SpanExporter {
  readonly #exporter: SpanExporter;
  readonly #logger: Logger;
  #isFailing = false;

  constructor(exporter: SpanExporter, logger: Logger) {
    this.#exporter = exporter;
    this.#logger = logger;
  }

  export(spans: Export[0], done: Export[1]): void {
    this.#exporter.export(spans, (result) => {
      this.#note(result);
      done(result);
    });
  }

  shutdown(): Promise<void> {
    return this.#exporter.shutdown();
  }

  #note({ code, error }: Parameters<Export[1]>[0]): void {
    const fails = code !== SUCCESS;
    if (fails === this.#isFailing) return;
    this.#isFailing = fails;
    if (fails) this.#logger.warn({ error: codeOf(error) }, 'the collector takes no traces: spans are dropped');
    else this.#logger.info({}, 'the collector takes traces again');
  }
}

/** Not its message, which may quote what the collector answered. */
function codeOf(error: Error | undefined): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return code === undefined ? (error?.name ?? 'unknown') : String(code);
}
