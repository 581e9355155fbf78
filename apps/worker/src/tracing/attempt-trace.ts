/**
 * The spans of one attempt, in the trace of the job:
 *
 *   receive   from when the job was due until this claim; missing where a crash hides when that was
 *   process   the attempt: which task, which number, how it ended
 *     step    each step of the task that runs; one that is replayed is an event of the attempt
 *     call    each provider call, in the step that makes it: `call-trace.ts`
 *
 * A worker that is killed sends no span of what it was doing. The next attempt's spans are there, under the same parent.
 */
import { formatTraceparent, type Outcome, type Span, type TraceContext, type Tracer } from '@holdfast/core';
import type { Claim, Leader } from '@holdfast/journal';
import type { PreparedCall } from '../calls/prepared-call.ts';
import { callAttributes, operationOf } from './call-attributes.ts';
import { type CallTrace, SpannedCall, unseenCall } from './call-trace.ts';

/** What a worker does for traces. */
export interface Tracing {
  /** null: no traces are exported. */
  tracer: Tracer | null;
  /** Providers are sent the trace of the job that calls them. */
  propagates: boolean;
}

export interface AttemptTrace {
  /** For the log; null: the job has no trace. */
  readonly traceId: string | null;
  stepBegins(path: string): void;
  stepReplayed(path: string): void;
  stepEnds(path: string): void;
  /** @param before id of the span in which an earlier attempt began the call */
  callBegins(call: PreparedCall, before: string | undefined): CallTrace;
  /** The job copies the answer of this one. */
  follows(leader: Leader): void;
  /** Ends what is open. @param outcome undefined: the attempt threw */
  end(outcome?: Outcome): void;
}

type TracedClaim = Pick<
  Claim,
  'jobId' | 'attempt' | 'crashes' | 'tenant' | 'lane' | 'queue' | 'waitedMs' | 'requestId' | 'trace' | 'request'
>;

export function traceAttempt({ tracer, propagates }: Tracing, claim: TracedClaim): AttemptTrace {
  return tracer ? new SpannedAttempt(tracer, propagates, claim) : new UnseenAttempt(propagates, claim.trace);
}

/** Where nothing is exported. The job may have its caller's trace all the same. */
class UnseenAttempt implements AttemptTrace {
  readonly traceId: string | null;
  readonly #call: CallTrace;

  constructor(propagates: boolean, trace: TraceContext | null) {
    this.traceId = trace?.traceId ?? null;
    this.#call = unseenCall(propagates && trace ? formatTraceparent(trace) : undefined);
  }

  stepBegins(): void {}
  stepReplayed(): void {}
  stepEnds(): void {}
  callBegins(): CallTrace {
    return this.#call;
  }
  follows(): void {}
  end(): void {}
}

class SpannedAttempt implements AttemptTrace {
  readonly #tracer: Tracer;
  readonly #propagates: boolean;
  readonly #jobTrace: TraceContext | null;
  readonly #span: Span;
  readonly #steps = new Map<string, Span>();

  constructor(tracer: Tracer, propagates: boolean, claim: TracedClaim) {
    this.#tracer = tracer;
    this.#propagates = propagates;
    this.#jobTrace = claim.trace;
    const wait = traceWait(tracer, claim);
    this.#span = tracer.start(`process ${claim.queue}`, {
      kind: 'consumer',
      parent: claim.trace ?? wait,
      attributes: { ...messageAttributes('process', claim), ...jobAttributes(claim) },
    });
  }

  get traceId(): string {
    return this.#span.context.traceId;
  }

  stepBegins(path: string): void {
    const { context: parent } = this.#around(path.slice(0, Math.max(0, path.lastIndexOf('/'))));
    this.#steps.set(path, this.#tracer.start(`step ${path}`, { parent, attributes: { 'holdfast.step': path } }));
  }

  stepReplayed(path: string): void {
    this.#span.event('step.replayed', { 'holdfast.step': path });
  }

  stepEnds(path: string): void {
    this.#steps.get(path)?.end();
    this.#steps.delete(path);
  }

  callBegins(call: PreparedCall, before: string | undefined): CallTrace {
    const trace = this.#jobTrace;
    const span = this.#tracer.start(`${operationOf(call.endpoint)} ${String(call.body.model)}`, {
      kind: 'client',
      parent: this.#around(call.id.slice(0, Math.max(0, call.id.lastIndexOf('/')))).context,
      links: before !== undefined && trace ? [{ ...trace, spanId: before }] : [],
      attributes: callAttributes(call, this.#tracer.capturesContent),
    });
    return new SpannedCall(span, { capturesContent: this.#tracer.capturesContent, propagates: this.#propagates });
  }

  follows({ jobId, trace }: Leader): void {
    this.#span.set({ 'holdfast.leader.id': jobId });
    if (trace) this.#span.link(trace);
  }

  end(outcome?: Outcome): void {
    const errorCode = errorCodeOf(outcome);
    for (const step of this.#steps.values()) step.end(errorCode ?? 'interrupted');
    this.#steps.clear();
    if (outcome && 'delayMs' in outcome) this.#span.event(outcome.kind, { 'holdfast.delay_ms': outcome.delayMs });
    this.#span.set({ 'holdfast.outcome': outcome?.kind });
    this.#span.end(errorCode);
  }

  /** The span of the innermost step that runs here. A task that is not within its steps may have left some behind. */
  #around(path: string): Span {
    for (let inner = path; inner !== ''; inner = inner.slice(0, Math.max(0, inner.lastIndexOf('/')))) {
      const step = this.#steps.get(inner);
      if (step) return step;
    }
    return this.#span;
  }
}

/** On this machine's clock: only how long it waited is Redis' own. @returns where it stands; null: that isn't known */
function traceWait(tracer: Tracer, claim: TracedClaim): TraceContext | null {
  const { queue, trace, waitedMs } = claim;
  if (waitedMs === null) return null;
  const span = tracer.start(`receive ${queue}`, {
    kind: 'client',
    parent: trace,
    startedAt: Date.now() - waitedMs,
    attributes: messageAttributes('receive', claim),
  });
  span.end();
  return span.context;
}

function messageAttributes(operation: 'receive' | 'process', { jobId, queue }: TracedClaim) {
  return {
    'messaging.system': 'holdfast',
    'messaging.destination.name': queue,
    'messaging.operation.name': operation,
    'messaging.operation.type': operation,
    'messaging.message.id': jobId,
  };
}

function jobAttributes({ jobId, tenant, lane, attempt, crashes, requestId, request }: TracedClaim) {
  return {
    'holdfast.job.id': jobId,
    'holdfast.tenant': tenant,
    'holdfast.lane': lane,
    'holdfast.task': request.task,
    'holdfast.attempt': attempt,
    'holdfast.crashes': crashes,
    'holdfast.request.id': requestId === '' ? undefined : requestId,
  };
}

/** undefined: the attempt did what it could. */
function errorCodeOf(outcome: Outcome | undefined): string | undefined {
  if (outcome === undefined) return 'internal_error';
  if ('error' in outcome) return outcome.error.code;
  return outcome.kind === 'lost' || outcome.kind === 'again' ? outcome.kind : undefined;
}
