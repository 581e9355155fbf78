/**
 * A fetch that bounds the bodies of error answers, and preserves them whole. Before the SDK throws, it reads the body of an answer that
 * isn't 2xx to its end, without a time limit: an endless error page of a gateway must not block a worker. And of that body the SDK
 * only preserves the member `error`, which many providers don't have: so the whole body is put there.
 */
import { tryParseJson } from '../body/lenient-json.ts';

const maxErrorLength = 64 * 1024;
const errorBodyTimeoutMs = 5000;

export function boundErrorBodies(fetchAnswer: typeof fetch): typeof fetch {
  return async (input, init) => {
    const response = await fetchAnswer(input, init);
    if (response.ok || !response.body) return response;
    const { status, statusText, headers } = response;
    const text = await readStart(response.body);
    return new Response(JSON.stringify({ error: tryParseJson(text) ?? text }), { status, statusText, headers });
  };
}

async function readStart(body: ReadableStream<Uint8Array>): Promise<string> {
  const reader = body.getReader();
  const leave = () => {
    reader.cancel().catch(() => undefined);
  };
  const timer = setTimeout(leave, errorBodyTimeoutMs);
  const decoder = new TextDecoder();
  let text = '';
  try {
    while (text.length < maxErrorLength) {
      const { value } = await reader.read();
      if (!value) break;
      text += decoder.decode(value, { stream: true });
    }
  } catch {
    // The text so far has to do; the status says enough.
  } finally {
    clearTimeout(timer);
    leave();
  }
  return text;
}
