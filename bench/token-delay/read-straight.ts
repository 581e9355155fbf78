/** One answer, read from the provider with the `openai` SDK. */
import OpenAI from 'openai';

export function openProvider(simulatorUrl: string): OpenAI {
  return new OpenAI({ baseURL: `${simulatorUrl}/v1`, apiKey: 'any', maxRetries: 0 });
}

/** The request's body; the same for every subject. */
export function requestFor(sim: string) {
  return {
    model: 'sim',
    messages: [{ role: 'user' as const, content: 'What time is it?' }],
    metadata: { case: 'token delay', sim },
  };
}

/** @param onText gets each token as soon as it arrives */
export async function readStraight(provider: OpenAI, sim: string, onText: (text: string) => void): Promise<void> {
  const stream = await provider.chat.completions.create({ ...requestFor(sim), stream: true });
  for await (const { choices } of stream) {
    const text = choices[0]?.delta.content;
    if (text) onText(text);
  }
}
