import { describe, expect, it } from '@jest/globals';
import { DICTIONARY_BYTES, packed, unpacked } from './packed-log.ts';

const none = Buffer.alloc(0);
const event = (seq: number, text: string) => `id: ${seq}\nevent: text.delta\ndata: ${JSON.stringify({ text })}\n\n`;
const logOf = (texts: readonly string[]) => Buffer.from(texts.map((text, at) => event(at + 1, text)).join(''));

/** What comes back, where the packed log comes in pieces of so many bytes. */
async function back(log: Buffer, dictionary: Buffer, size = 1_000): Promise<Buffer> {
  const bytes = await packed(log, dictionary);
  const pieces = async function* () {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  };
  const windows: Buffer[] = [];
  for await (const window of unpacked(pieces(), dictionary)) windows.push(window);
  return Buffer.concat(windows);
}

describe('a packed log', () => {
  const words = Array.from({ length: 2_000 }, (_, at) => `${(at * 7_919).toString(36)} ü`);
  const answer = Buffer.from(JSON.stringify({ content: words.join('') })).subarray(0, DICTIONARY_BYTES);

  it('is the same bytes again, in pieces of any size, with and without an answer', async () => {
    const log = logOf(words);
    for (const size of [1, 7, 100_000]) expect((await back(log, answer, size)).equals(log)).toBe(true);
    expect((await back(log, none)).equals(log)).toBe(true);
  });

  it('is much smaller for the numbers that are left out, and for the answer', async () => {
    const short = words.slice(0, 200);
    const log = logOf(short);
    const own = Buffer.from(short.join(''));
    const numbered = await packed(Buffer.concat([Buffer.from('id: 0\n\n'), log]), none);
    const bare = await packed(log, none);
    expect(bare.length).toBeLessThan(numbered.length * 0.8);
    expect((await packed(log, own)).length).toBeLessThan(bare.length * 0.9);
  });

  it('keeps what is not numbered from 1, not whole, or too long to be taken apart', async () => {
    for (const log of [
      Buffer.from(event(2, 'late')),
      Buffer.from(`${event(1, 'one')}id: 2\nevent: text.delta`),
      Buffer.from(event(1, 'a').repeat(2)),
      logOf(Array.from({ length: 30_000 }, () => 'long')),
      none,
    ]) {
      expect((await back(log, none)).equals(log)).toBe(true);
    }
  });

  it('never begins like the name of a staged value', async () => {
    for (const log of [none, logOf(['a']), Buffer.from('\0')]) expect((await packed(log, none))[0]).not.toBe(0);
  });
});
