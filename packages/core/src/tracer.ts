/**
 * The port to tracing. A process that exports no traces has no tracer (null): nothing is made then, neither spans nor attributes.
 * No method throws, and none waits: whether a collector is there makes no difference to the caller.
 */
import type { TraceContext } from './trace-context.ts';

/** Names are those of the semantic conventions, or begin with `holdfast.`. Undefined values are left out. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

export interface SpanStart {
  /** As the semantic conventions mean it. Default `internal`. */
  kind?: 'internal' | 'server' | 'client' | 'consumer';
  /** null: the span begins a new trace. */
  parent: TraceContext | null;
  /** Other spans, of this trace or another, that it has to do with. */
  links?: readonly TraceContext[];
  attributes?: SpanAttributes;
  /** On the clock of `Date.now()`, in ms. Default: now. */
  startedAt?: number;
}

export interface Span {
  readonly context: TraceContext;
  set(attributes: SpanAttributes): void;
  event(name: string, attributes?: SpanAttributes): void;
  link(to: TraceContext): void;
  /**
   * Ends it, and hands it on to be exported. Further calls have no effect.
   * @param errorCode what it failed with (`error.type`); undefined: it did not fail. Never a message, which may quote a prompt
   */
  end(errorCode?: string): void;
}

export interface Tracer {
  /** Spans may have prompts and answers in them. */
  readonly capturesContent: boolean;
  start(name: string, options: SpanStart): Span;
}
