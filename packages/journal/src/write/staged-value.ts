/**
 * Large values. A value that is too large for an argument of a script is staged: written before the script, piece by piece, each
 * awaited, so that Redis is never busy with it for long. It expires, unless a script takes it.
 */
import { randomUUID } from 'node:crypto';
import { type Cell, SEGMENT_BYTES, scripts } from '@holdfast/cell';

/** The largest argument of a script: it takes Redis less than 0.5 ms (measured). */
export const MAX_ARGUMENT_BYTES = 65_536;

/** The text as an argument of a script: itself, or the name of its staged value. Throws what the connection throws. */
export async function stageValue(cell: Pick<Cell, 'redis' | 'keys'>, text: string): Promise<string> {
  // A character has at most three bytes in UTF-8 per UTF-16 unit.
  if (text.length * 3 <= MAX_ARGUMENT_BYTES) return text;
  const bytes = Buffer.from(text);
  return bytes.length <= MAX_ARGUMENT_BYTES ? text : stageBytes(cell, bytes);
}

/** The same for bytes. Bytes that begin like the name of a staged value are always staged. */
export async function bytesArgument(cell: Pick<Cell, 'redis' | 'keys'>, bytes: Buffer): Promise<string | Buffer> {
  return bytes.length <= MAX_ARGUMENT_BYTES && bytes[0] !== 0 ? bytes : stageBytes(cell, bytes);
}

/** Stages bytes. @returns their name, as an argument of a script. Throws what the connection throws. */
async function stageBytes(cell: Pick<Cell, 'redis' | 'keys'>, bytes: Buffer): Promise<string> {
  const name = randomUUID();
  for (let offset = 0; offset < bytes.length; offset += MAX_ARGUMENT_BYTES) {
    await scripts.stageValue.run(cell, [name, offset, bytes.subarray(offset, offset + MAX_ARGUMENT_BYTES)]);
  }
  return `\0${name} ${bytes.length}`;
}

/** A stored value, in windows. @param size its bytes; Infinity: to its end. @param from the first byte */
export async function* readValue(
  { redis }: Pick<Cell, 'redis'>,
  key: string,
  size: number,
  from = 0,
): AsyncGenerator<Buffer> {
  for (let at = from; at < size; ) {
    const segment = Math.floor(at / SEGMENT_BYTES);
    const start = at % SEGMENT_BYTES;
    const wanted = Math.min(size - at, WINDOW_BYTES, SEGMENT_BYTES - start);
    const name = segment === 0 ? key : `${key}:${segment}`;
    const window = await redis.getrangeBuffer(name, start, start + wanted - 1);
    at += window.length;
    if (window.length > 0) yield window;
    // The end of the value, or it was deleted meanwhile.
    if (window.length < wanted) return;
  }
}

/** A whole stored value; empty where there is none. */
export async function readBytes(cell: Pick<Cell, 'redis'>, key: string, size: number): Promise<Buffer> {
  const windows: Buffer[] = [];
  for await (const window of readValue(cell, key, size)) windows.push(window);
  return Buffer.concat(windows);
}

/** Large enough for most answers to be one window, small enough not to block Redis or fill memory for a slow reader. */
export const WINDOW_BYTES = 262_144;
