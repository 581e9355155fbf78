import { describe, expect, it } from '@jest/globals';
import { DICTIONARY_BYTES, packed, unpackedLog, unpackedRequest } from './packed-job.ts';

const none = Buffer.alloc(0);
const event = (seq: number, text: string) => `id: ${seq}\nevent: text.delta\ndata: ${JSON.stringify({ text })}\n\n`;
const logOf = (texts: readonly string[]) => Buffer.from(texts.map((text, at) => event(at + 1, text)).join(''));

const request = Buffer.from(JSON.stringify({ task: 'chat.completions', input: { text: 'ü'.repeat(300) } }));

/** In pieces of so many bytes. */
async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Whether both come back from what was packed. */
async function comeBack(log: Buffer, dictionary: Buffer, { size = 1_000, asked = request } = {}): Promise<boolean> {
  const bytes = await packed({ request: asked, log }, dictionary);
  const windows: Buffer[] = [];
  for await (const window of unpackedLog(pieces(bytes, size), dictionary)) windows.push(window);
  return Buffer.concat(windows).equals(log) && (await unpackedRequest(pieces(bytes, size), dictionary)).equals(asked);
}

describe('a packed job', () => {
  const words = Array.from({ length: 2_000 }, (_, at) => `${(at * 7_919).toString(36)} ü`);
  const answer = Buffer.from(JSON.stringify({ content: words.join('') })).subarray(0, DICTIONARY_BYTES);

  it('has the same request and log again, in pieces of any size, with and without an answer', async () => {
    const log = logOf(words);
    for (const size of [1, 7, 100_000]) expect(await comeBack(log, answer, { size })).toBe(true);
    expect(await comeBack(log, none)).toBe(true);
  });

  it('may have a request that is stored separately, or one that is longer than a window', async () => {
    const long = Buffer.from(`"${'x'.repeat(300_000)}"`);
    for (const asked of [none, long]) expect(await comeBack(logOf(['a', 'b']), none, { asked })).toBe(true);
  });

  it('fails where reading it does', async () => {
    const bytes = await packed({ request, log: logOf(words) }, none);
    async function* broken() {
      yield bytes.subarray(0, 100);
      throw new Error('away');
    }
    await expect(unpackedRequest(broken(), none)).rejects.toThrow('away');
    await expect(unpackedLog(broken(), none).next()).rejects.toThrow('away');
  });

  it('is much smaller for the numbers that are left out, and for the answer', async () => {
    const short = words.slice(0, 200);
    const log = logOf(short);
    const own = Buffer.from(short.join(''));
    const pack = (packedLog: Buffer, dictionary: Buffer) => packed({ request: none, log: packedLog }, dictionary);
    const numbered = await pack(Buffer.concat([Buffer.from('id: 0\n\n'), log]), none);
    const bare = await pack(log, none);
    expect(bare.length).toBeLessThan(numbered.length * 0.8);
    expect((await pack(log, own)).length).toBeLessThan(bare.length * 0.9);
  });

  it('keeps what is not numbered from 1, not whole, or too long to be taken apart', async () => {
    for (const log of [
      Buffer.from(event(2, 'late')),
      Buffer.from(`${event(1, 'one')}id: 2\nevent: text.delta`),
      Buffer.from(event(1, 'a').repeat(2)),
      logOf(Array.from({ length: 30_000 }, () => 'long')),
      none,
    ]) {
      expect(await comeBack(log, none)).toBe(true);
    }
  });
});
