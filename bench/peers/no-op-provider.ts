/**
 * Replaces `@holdfast/providers` in a measured worker (`no-op-preload.ts`). The provider answers at once, without HTTP and without
 * the SDK. So a job costs only what Holdfast costs. `COUNT_PORT` serves the number of answered calls.
 */
import { createServer } from 'node:http';
import type { Provider } from '@holdfast/core';

export * from '@holdfast/providers';

let answered = 0;
createServer((_request, response) => response.end(String(answered))).listen(
  Number(process.env.COUNT_PORT),
  '127.0.0.1',
);

const output = { object: 'chat.completion', choices: [{ index: 0, message: { role: 'assistant', content: 'done' } }] };

export function createOpenAiProvider({ name }: { name: string }): Provider {
  return {
    name,
    async *call() {
      answered++;
      yield { kind: 'text', text: 'done' };
      yield { kind: 'result', output, usage: { input_tokens: 1, output_tokens: 1 } };
    },
  };
}
