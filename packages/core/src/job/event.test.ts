import { describe, expect, it } from '@jest/globals';
import { eventDataSchemas, formatEvent } from './event.ts';

/** As the HTML standard reads an event stream: lines end with CR, LF or both. */
function readStream(text: string) {
  const lines = text.split(/\r\n|\r|\n/);
  const field = (name: string) =>
    lines.filter((line) => line.startsWith(`${name}: `)).map((line) => line.slice(name.length + 2));
  return { lines, id: field('id'), event: field('event'), data: field('data') };
}

describe('formatEvent', () => {
  it('writes id, type and data, and an empty line', () => {
    expect(formatEvent(7, 'text.delta', { text: 'Hi' })).toBe('id: 7\nevent: text.delta\ndata: {"text":"Hi"}\n\n');
  });

  it.each([
    ['line breaks', 'a\nb\r\nc\rd\n\n'],
    ['what looks like another event', '\n\nid: 9\nevent: job.completed\ndata: {}\n\n'],
    ['line and paragraph separators', 'a\u2028b\u2029c\u0085d'],
    ['emoji', '👩‍👩‍👧 🇩🇪'],
    ['half an emoji', '\ud83d'],
    ['NUL and other controls', '\0\b\f\v\x1b\x7f'],
    ['quotes and backslashes', '"\\" \\n \\u000a'],
    ['nothing', ''],
  ])('keeps %s on one data line, and gives it back as it was', (_, text) => {
    const { lines, id, event, data } = readStream(formatEvent(3, 'text.delta', { text }));
    expect(lines).toHaveLength(5);
    expect([id, event]).toEqual([['3'], ['text.delta']]);
    expect(data).toHaveLength(1);
    expect(JSON.parse(data[0] ?? '')).toEqual({ text });
  });

  it('leaves nothing within an event that looks like the start of another in the log', () => {
    const bytes = formatEvent(3, 'provider.event', { event: { text: '\nid: 4\n', 'id: 5\n': ['\nid: 6\n'] } });
    expect(bytes.match(/^id: \d+$/gm)).toEqual(['id: 3']);
  });

  it('writes bytes that stay the same through UTF-8, so that readers may cut logs by bytes', () => {
    const written = formatEvent(1, 'text.delta', { text: 'ü\ud83d😀' });
    expect(Buffer.from(written).toString()).toBe(written);
  });
});

describe('event data', () => {
  it('has a schema for every type that it is written with', () => {
    const error = { code: 'provider_timeout', message: 'late', retryable: true };
    const usage = { input_tokens: 1, output_tokens: 2, cost_usd: null, estimated: false, cached: false };
    const samples = {
      'job.accepted': { task: 'responses', lane: 'default' },
      'attempt.started': { attempt: 1, resumed: false },
      'text.delta': { text: 'x', event: { delta: 'x' } },
      'provider.event': { event: { type: 'response.created' } },
      'step.completed': { step: 'draft' },
      'attempt.failed': { error, retry_at: new Date(0).toISOString() },
      'job.completed': { output: { a: [1] }, usage },
      'job.failed': { error },
      'call.started': { call: 'part-1/0f.1', model: 'm', resumed: false },
      'call.accepted': { call: 'part-1/0f.1' },
      'call.completed': { call: 'part-1/0f.1', usage: { input_tokens: 1, output_tokens: 2 } },
      'call.failed': { call: 'part-1/0f.1', error },
      'call.delayed': { call: '', error },
      'provider.switched': {
        call: '',
        provider: 'spare',
        error: { ...error, provider: 'main', tried: [{ provider: 'main', code: 'provider_timeout' }] },
      },
      'job.cancelled': {},
    };
    expect(Object.keys(samples).sort()).toEqual(Object.keys(eventDataSchemas).sort());
    for (const [type, data] of Object.entries(samples)) {
      expect(eventDataSchemas[type as keyof typeof samples].parse(data)).toEqual(data);
    }
  });
});
