/**
 * Steps 4 and 5 of an attempt: call the provider, and record what it says as it says it. Before it: `run-attempt.ts`;
 * after it: `finish-job.ts`.
 *
 * The beginning is in the journal, with the call counted, before the call leaves. So a crash in between counts a call
 * that was never made; the other way round one would be made and not counted.
 */
import { AttemptError, type JsonObject, type JsonValue, type Provider, type ProviderEndpoint } from '@holdfast/core';
import type { Attempt } from './run-attempt.ts';

export interface PreparedCall {
  provider: Provider;
  endpoint: ProviderEndpoint;
  body: JsonObject;
}

export interface Answer {
  output: JsonValue;
  usage: { input_tokens: number; output_tokens: number } | null;
}

export async function callProvider(attempt: Attempt, { provider, endpoint, body }: PreparedCall): Promise<Answer> {
  const { claim, writer, order } = attempt;
  writer.write(
    'attempt.started',
    { attempt: claim.attempt, resumed: false },
    { provider_calls: claim.providerCalls + 1 },
  );
  await writer.flushed();
  order.signal.throwIfAborted();
  let answer: Answer | null = null;
  for await (const event of provider.call({ endpoint, body, signal: order.signal })) {
    switch (event.kind) {
      case 'text':
        attempt.text += event.text;
        writer.write('text.delta', event.event ? { text: event.text, event: event.event } : { text: event.text });
        break;
      case 'event':
        writer.write('provider.event', { event: event.event });
        break;
      case 'result':
        answer = { output: event.output, usage: event.usage };
        break;
    }
    await writer.room();
  }
  if (!answer) throw new AttemptError('provider_bad_response', `${provider.name} ended without an answer.`);
  return answer;
}
