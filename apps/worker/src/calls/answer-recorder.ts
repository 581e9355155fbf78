/**
 * Sends one call to one provider and records in the journal what it says, as it says it. Before it: `provider-caller.ts`, which has
 * stored that the call begins.
 *
 * The id of a background response is in the journal before anything that the response says. So a crash after that finds it, and the
 * next attempt resumes the response after the last of its events that the journal has; readers see one unbroken text.
 */
import { AttemptError, type CallLimits, type ProviderCall, type ProviderEvent } from '@holdfast/core';
import { type AttemptWriter, type Claim, callField } from '@holdfast/journal';
import type { EmittedText } from '../attempt/emitted-text.ts';
import { answerTooLarge } from '../attempt/stored-answer.ts';
import type { Lane, LaneProvider } from '../lanes/lane-providers.ts';
import type { CallTrace } from '../tracing/call-trace.ts';
import type { PreparedCall, ProviderAnswer } from './prepared-call.ts';
import type { ProviderCallState } from './provider-call-state.ts';
import type { ProviderCalls } from './provider-calls.ts';

interface RecorderOptions {
  claim: Pick<Claim, 'jobId' | 'generation'>;
  lane: Pick<Lane, 'providers' | 'background' | 'idempotent'>;
  writer: AttemptWriter;
  text: EmittedText;
  calls: Pick<ProviderCalls, 'markStored'>;
  /** What a job may answer, as JSON, and write into its journal in one attempt. */
  maxAnswerBytes: number;
  /** What the lane's first provider says of its rate limits. */
  onRateLimit: (said: Parameters<CallLimits['slowDown']>[1]) => void;
}

export interface TracedCall extends PreparedCall {
  trace: CallTrace;
}

type Said = Exclude<ProviderEvent, { kind: 'result' }>;

export class AnswerRecorder {
  readonly #options: RecorderOptions;

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  /** @throws AttemptError of the provider, or `answer_too_large`; JournalRefusal; the signal's reason */
  async record(asked: TracedCall, by: LaneProvider, call: ProviderCallState): Promise<ProviderAnswer> {
    const { writer, maxAnswerBytes } = this.#options;
    const { provider } = by;
    let answer: ProviderAnswer | null = null;
    asked.trace.asks(provider.name, String(asked.body.model), call.response !== null);
    for await (const event of provider.call(this.#requestOf(asked, by, call))) {
      asked.trace.hears();
      if (event.kind === 'result') answer = { output: event.output, usage: event.usage, provider: provider.name };
      else {
        // The task may be over, and the attempt's last event written.
        asked.signal.throwIfAborted();
        await this.#recordEvent(asked, call, event);
      }
      if (writer.written > maxAnswerBytes) throw answerTooLarge(writer.written, maxAnswerBytes, true);
      await writer.waitForDrain();
    }
    if (answer) return answer;
    const { name } = provider;
    throw new AttemptError('provider_bad_response', `${name} ended without an answer.`, { provider: name });
  }

  #requestOf(
    { id, endpoint, body, signal, trace }: TracedCall,
    by: LaneProvider,
    call: ProviderCallState,
  ): ProviderCall {
    const { claim, lane, onRateLimit } = this.#options;
    const { response, keyVersion } = call;
    const request: ProviderCall = response
      ? { endpoint: 'responses', body, signal, resume: { responseId: response.id, after: response.cursor } }
      : { endpoint, body, signal };
    if (by === lane.providers[0]) request.onHeadroom = onRateLimit;
    if (response) return request;
    if (trace.traceparent !== undefined) request.traceparent = trace.traceparent;
    if (lane.background && endpoint === 'responses') request.background = true;
    // With the time of acceptance: a job that was deleted and created anew under its key is another one.
    const key = `${claim.jobId}:${claim.generation}.${keyVersion}`;
    if (lane.idempotent) request.idempotencyKey = id === '' ? key : `${key}:${id}`;
    return request;
  }

  async #recordEvent(asked: PreparedCall, call: ProviderCallState, event: Said): Promise<void> {
    const { writer, calls } = this.#options;
    if (event.kind === 'text') {
      call.receivedBytes += Buffer.byteLength(event.text);
      call.firstTextAt ??= performance.now();
    }
    if (event.kind === 'response') {
      call.response = { id: event.id, cursor: -1 };
      // A call that emits everything stores the response with its next event.
      if (asked.emits === 'all') return;
      writer.write('call.accepted', { call: asked.id }, callField(call.id, call));
    } else {
      this.#emit(asked, call, event);
    }
    if (!call.response || call.isStored) return;
    await writer.flushed();
    calls.markStored(call);
  }

  #emit({ emits }: PreparedCall, call: ProviderCallState, event: Exclude<Said, { kind: 'response' }>): void {
    if (emits === 'nothing' || (emits === 'text' && event.kind !== 'text')) return;
    const { writer, text } = this.#options;
    const { response } = call;
    const isFirst = !call.hasEmitted;
    call.hasEmitted = true;
    if (response && event.cursor !== undefined) response.cursor = event.cursor;
    if (event.kind === 'text') call.emitted += event.text.length;
    const fields = response && event.cursor !== undefined ? callField(call.id, call) : {};
    if (event.kind === 'event') {
      writer.write('provider.event', { event: event.event }, fields);
      return;
    }
    const isWhole = event.event !== undefined && emits === 'all';
    text.emit(isWhole ? { text: event.text, event: event.event } : { text: event.text }, fields);
    if (isFirst) writer.hurry();
  }
}
