import { describe, expect, it } from '@jest/globals';
import { type SseMessage, SseParser } from './sse-parser.ts';

const encode = (text: string) => new TextEncoder().encode(text);
const text =
  ': hello\n\nid: 1\nevent: a\ndata: {"x":"é🦊"}\n\nid:2\nevent:b\ndata: one\ndata: two\n\n: beat\n\ndata\n\n';
const expected: SseMessage[] = [
  { id: '1', type: 'a', data: '{"x":"é🦊"}' },
  { id: '2', type: 'b', data: 'one\ntwo' },
  { id: null, type: 'message', data: '' },
];

describe('SseParser', () => {
  it.each([
    ['LF', '\n'],
    ['CRLF', '\r\n'],
    ['CR', '\r'],
  ])('finds the same events with lines that end with %s, wherever the bytes are cut', (_name, lineEnd) => {
    const bytes = encode(text.replaceAll('\n', lineEnd));
    for (let cut = 0; cut <= bytes.length; cut++) {
      const parser = new SseParser();
      expect([...parser.push(bytes.subarray(0, cut)), ...parser.push(bytes.subarray(cut))]).toEqual(expected);
    }
  });

  it('finds the same events when every byte comes alone, with empty pieces in between', () => {
    const parser = new SseParser();
    const messages = Array.from(encode(text.replaceAll('\n', '\r\n')), (byte) => [
      ...parser.push(Uint8Array.of(byte)),
      ...parser.push(new Uint8Array()),
    ]);
    expect(messages.flat()).toEqual(expected);
  });

  it('returns an event as soon as its empty line has come', () => {
    const parser = new SseParser();
    expect(parser.push(encode('id: 1\ndata: x\n'))).toEqual([]);
    expect(parser.push(encode('\n'))).toEqual([{ id: '1', type: 'message', data: 'x' }]);
  });

  it('does not carry an id over to an event without one', () => {
    const messages = new SseParser().push(encode('id: 1\ndata: x\n\ndata: y\n\n'));
    expect(messages.map(({ id }) => id)).toEqual(['1', null]);
  });

  it('takes a line of 10 MB in small pieces without slowing down', () => {
    const parser = new SseParser();
    const piece = encode('x'.repeat(16_384));
    const begun = process.cpuUsage();
    parser.push(encode('id: 1\ndata: '));
    for (let i = 0; i < 640; i++) parser.push(piece);
    const [message] = parser.push(encode('\n\n'));
    expect(message?.data.length).toBe(640 * 16_384);
    expect(process.cpuUsage(begun).user).toBeLessThan(2_000_000);
  });
});
