/**
 * Large values: what is too large for one argument of a script is written before it, piece by piece, each awaited, so that Redis is
 * never busy with it for long. Until a script takes it, it expires.
 */
import { randomUUID } from 'node:crypto';
import { type Cell, SEGMENT_BYTES, scripts } from '@holdfast/cell';

/** What a script is given at most in one argument: Redis is busy for less than 0.5 ms with so much (measured). */
export const MAX_ARGUMENT_BYTES = 65_536;

/** The text as a script takes it: itself, or the name of what was staged. Throws what the connection throws. */
export async function stageValue(cell: Pick<Cell, 'redis' | 'keys'>, text: string): Promise<string> {
  // No character takes more than three bytes.
  if (text.length * 3 <= MAX_ARGUMENT_BYTES) return text;
  const bytes = Buffer.from(text);
  return bytes.length <= MAX_ARGUMENT_BYTES ? text : stageBytes(cell, bytes);
}

/** The same for bytes. What begins like the name of a staged value is staged as well. */
export async function bytesArgument(cell: Pick<Cell, 'redis' | 'keys'>, bytes: Buffer): Promise<string | Buffer> {
  return bytes.length <= MAX_ARGUMENT_BYTES && bytes[0] !== 0 ? bytes : stageBytes(cell, bytes);
}

/** The name of what was staged, as a script takes it. Throws what the connection throws. */
async function stageBytes(cell: Pick<Cell, 'redis' | 'keys'>, bytes: Buffer): Promise<string> {
  const name = randomUUID();
  for (let offset = 0; offset < bytes.length; offset += MAX_ARGUMENT_BYTES) {
    await scripts.stageValue.run(cell, [name, offset, bytes.subarray(offset, offset + MAX_ARGUMENT_BYTES)]);
  }
  return `\0${name} ${bytes.length}`;
}

/** A stored value, in windows that hold up nobody. @param size its bytes; Infinity: to its end. @param from the first byte */
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
    // Its end, or it was deleted meanwhile.
    if (window.length < wanted) return;
  }
}

/** The same at once; empty where there is none. */
export async function readBytes(cell: Pick<Cell, 'redis'>, key: string, size: number): Promise<Buffer> {
  const windows: Buffer[] = [];
  for await (const window of readValue(cell, key, size)) windows.push(window);
  return Buffer.concat(windows);
}

/** Large enough that a usual answer is one window, small enough not to hold up Redis or a slow reader. */
export const WINDOW_BYTES = 262_144;
