/**
 * The span of one provider call, by the conventions for generative AI. A call that goes to several providers, or is made again once a
 * provider is healthy, is one operation and has one span: what happened on the way are its events.
 */
import { AttemptError, formatTraceparent, type Span } from '@holdfast/core';
import type { ProviderAnswer } from '../calls/prepared-call.ts';
import { answerAttributes } from './call-attributes.ts';

export interface CallTrace {
  /** Stored with the open call, so that a later attempt that takes it up can name it. undefined: there is no span. */
  readonly spanId: string | undefined;
  /** What the provider is sent of the trace; undefined: nothing. */
  readonly traceparent: string | undefined;
  /** A request leaves. @param model the one that this provider is asked for */
  asks(provider: string, model: string, resumes: boolean): void;
  /** The provider has begun to answer. Further calls have no effect until it asks again. */
  hears(): void;
  /** A provider has failed the call, which may go on elsewhere. */
  providerFails(provider: string, error: AttemptError): void;
  /** No provider can be called now. */
  waits(): void;
  answered(answer: ProviderAnswer): void;
  failed(thrown: unknown): void;
}

/** Of a worker that exports no traces. */
export function unseenCall(traceparent: string | undefined): CallTrace {
  const nothing = () => undefined;
  return {
    spanId: undefined,
    traceparent,
    asks: nothing,
    hears: nothing,
    providerFails: nothing,
    waits: nothing,
    answered: nothing,
    failed: nothing,
  };
}

export class SpannedCall implements CallTrace {
  readonly spanId: string;
  readonly traceparent: string | undefined;
  readonly #span: Span;
  readonly #capturesContent: boolean;
  /** On the clock of `performance.now()`; null: it has begun to answer, or nobody is asked. */
  #askedAt: number | null = null;
  #hasWaited = false;

  constructor(span: Span, { capturesContent, propagates }: { capturesContent: boolean; propagates: boolean }) {
    this.#span = span;
    this.#capturesContent = capturesContent;
    this.spanId = span.context.spanId;
    this.traceparent = propagates ? formatTraceparent(span.context) : undefined;
  }

  asks(provider: string, model: string, resumes: boolean): void {
    this.#askedAt = performance.now();
    this.#span.set({ 'gen_ai.provider.name': provider, 'gen_ai.request.model': model });
    if (resumes) this.#span.event('call.resumed', { 'gen_ai.provider.name': provider });
  }

  hears(): void {
    if (this.#askedAt === null) return;
    const seconds = (performance.now() - this.#askedAt) / 1_000;
    this.#askedAt = null;
    this.#span.set({ 'gen_ai.response.time_to_first_chunk': seconds });
  }

  providerFails(provider: string, { code, status }: AttemptError): void {
    this.#span.event('provider.failed', {
      'gen_ai.provider.name': provider,
      'error.type': code,
      'http.response.status_code': status,
    });
  }

  waits(): void {
    if (this.#hasWaited) return;
    this.#hasWaited = true;
    this.#span.event('call.delayed');
  }

  answered(answer: ProviderAnswer): void {
    this.#span.set(answerAttributes(answer, this.#capturesContent));
    this.#span.end();
  }

  failed(thrown: unknown): void {
    this.#span.end(thrown instanceof AttemptError ? thrown.code : 'interrupted');
  }
}
