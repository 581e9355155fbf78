/**
 * `resumable-stream` as people use it. The process that calls the provider publishes the answer for readers that attach later. It
 * also reads the stream itself, as a response would, and drops the text.
 */
import { Redis } from 'ioredis';
import OpenAI from 'openai';
import { createResumableStreamContext } from 'resumable-stream/ioredis';
import { serveCommands } from '../commands.ts';

export type ProducerCommand = { ids: readonly string[]; input: object } | 'untilEnd';

const { OPENAI_BASE_URL: baseURL, REDIS_URL = '' } = process.env;
const openai = new OpenAI({ baseURL, apiKey: 'any', maxRetries: 0 });
const context = createResumableStreamContext({
  waitUntil: null,
  publisher: new Redis(REDIS_URL),
  subscriber: new Redis(REDIS_URL),
});

function answerOf(input: object): ReadableStream<string> {
  return new ReadableStream<string>({
    async start(controller) {
      const request = input as OpenAI.ChatCompletionCreateParamsNonStreaming;
      for await (const chunk of await openai.chat.completions.create({ ...request, stream: true })) {
        controller.enqueue(`data: ${JSON.stringify(chunk)}\n\n`);
      }
      controller.close();
    },
  });
}

let reading: Promise<unknown> = Promise.resolve();

async function readAll(stream: ReadableStream<string> | null): Promise<void> {
  for await (const _ of stream ?? []);
}

serveCommands<ProducerCommand>(async (command) => {
  if (command === 'untilEnd') {
    await reading;
    return;
  }
  const { ids, input } = command;
  const streams = await Promise.all(ids.map((id) => context.createNewResumableStream(id, () => answerOf(input))));
  reading = Promise.all(streams.map(readAll));
});
