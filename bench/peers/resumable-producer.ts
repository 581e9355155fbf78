/**
 * `resumable-stream` as people use it: the process that calls the provider publishes what comes for those who attach later.
 * Its own reader, the response that it would be written to, drops what it gets.
 */
import { Redis } from 'ioredis';
import OpenAI from 'openai';
import { createResumableStreamContext } from 'resumable-stream/ioredis';
import { takeOrders } from '../orders.ts';

export type ProducerOrder = { ids: readonly string[]; input: object } | 'untilEnd';

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

takeOrders<ProducerOrder>(async (order) => {
  if (order === 'untilEnd') {
    await reading;
    return;
  }
  const { ids, input } = order;
  const streams = await Promise.all(ids.map((id) => context.createNewResumableStream(id, () => answerOf(input))));
  reading = Promise.all(streams.map(readAll));
});
