/**
 * A fetch whose error answers are small, come soon and are told whole. The SDK reads the body of an answer that isn't 2xx to
 * its end, without a time limit, before it throws; a gateway's endless error page must not hold a worker up. And it keeps of
 * a body only the member `error`, which many providers don't have: so the body is put there.
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
    // What has come is all there is; the status says enough.
  } finally {
    clearTimeout(timer);
    leave();
  }
  return text;
}
