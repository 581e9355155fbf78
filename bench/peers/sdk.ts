/** The `openai` SDK alone: a process that calls the provider, reads the answers, and stores nothing. */
import OpenAI from 'openai';
import { serveCommands } from '../commands.ts';

export interface SdkCommand {
  calls: number;
  atOnce: number;
  /** The request's body. */
  input: object;
}

const { OPENAI_BASE_URL: baseURL } = process.env;
const openai = new OpenAI({ baseURL, apiKey: 'any', maxRetries: 0 });

async function callOnce(input: object): Promise<string> {
  const request = input as OpenAI.ChatCompletionCreateParamsNonStreaming;
  const stream = await openai.chat.completions.create({
    ...request,
    stream: true,
    stream_options: { include_usage: true },
  });
  let text = '';
  for await (const { choices } of stream) text += choices[0]?.delta.content ?? '';
  return text;
}

serveCommands<SdkCommand>(async ({ calls, atOnce, input }) => {
  let left = calls;
  const line = async () => {
    while (left-- > 0) await callOnce(input);
  };
  await Promise.all(Array.from({ length: atOnce }, line));
});
