/**
 * A log as it is kept some time after its job's end: deflated, with the job's answer as the dictionary, since most of its text
 * is there once more. Short logs are kept without their events' numbers, which count from 1 and hardly compress.
 */
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { createInflateRaw, deflateRaw, type ZlibOptions } from 'node:zlib';
import type { Cell } from '@holdfast/cell';
import { readBytes, readValue, WINDOW_BYTES } from './staged-value.ts';

/** So much of the answer is the dictionary: deflate looks back no further. */
export const DICTIONARY_BYTES = 32_768;

type OnCell = Pick<Cell, 'redis' | 'keys'>;

/** Larger logs keep their numbers: taking them out would hold up everybody else in the process. */
const MAX_WITHOUT_NUMBERS = 1_048_576;

/** The first byte says which; 0 would be taken for the name of a staged value. */
const WITHOUT_NUMBERS = 1;
const WITH_NUMBERS = 2;

const deflate = promisify(deflateRaw) as (bytes: Buffer, options: ZlibOptions) => Promise<Buffer>;

const withDictionary = (dictionary: Buffer): ZlibOptions => (dictionary.length > 0 ? { dictionary } : {});

/** The beginning of a job's answer; empty without one. */
export function readDictionary(cell: OnCell, jobId: string): Promise<Buffer> {
  return readBytes(cell, cell.keys.job(jobId).output, DICTIONARY_BYTES);
}

/** A job's log, in windows; nothing where it isn't packed. @param dictionary the job's: `readDictionary` */
export function readPacked(cell: OnCell, jobId: string, dictionary: Buffer): AsyncGenerator<Buffer> {
  return unpacked(readValue(cell, cell.keys.job(jobId).packed, Number.POSITIVE_INFINITY), dictionary);
}

export async function packed(log: Buffer, dictionary: Buffer): Promise<Buffer> {
  const bare = log.length <= MAX_WITHOUT_NUMBERS ? withoutNumbers(log) : null;
  const bytes = await deflate(bare ?? log, withDictionary(dictionary));
  return Buffer.concat([Buffer.of(bare ? WITHOUT_NUMBERS : WITH_NUMBERS), bytes]);
}

/** The log, in windows. @param dictionary the same as when it was packed */
export async function* unpacked(pieces: AsyncIterable<Buffer>, dictionary: Buffer): AsyncGenerator<Buffer> {
  let kind = 0;
  const deflated = async function* () {
    for await (const piece of pieces) {
      if (kind !== 0) yield piece;
      else {
        kind = piece[0] ?? 0;
        yield piece.subarray(1);
      }
    }
  };
  const inflate = createInflateRaw({ chunkSize: WINDOW_BYTES, ...withDictionary(dictionary) });
  const bare: Buffer[] = [];
  for await (const window of Readable.from(deflated()).pipe(inflate)) {
    if (kind === WITHOUT_NUMBERS) bare.push(window);
    else yield window;
  }
  if (bare.length > 0) yield withNumbers(Buffer.concat(bare));
}

/** null: its events are not numbered from 1 on. */
function withoutNumbers(log: Buffer): Buffer | null {
  const events = log.toString('latin1').split('\n\n');
  if (events.pop() !== '') return null;
  let bare = '';
  for (const [at, event] of events.entries()) {
    const number = `id: ${at + 1}\n`;
    if (!event.startsWith(number)) return null;
    bare += `${event.slice(number.length)}\n\n`;
  }
  return Buffer.from(bare, 'latin1');
}

function withNumbers(bare: Buffer): Buffer {
  const events = bare.toString('latin1').split('\n\n').slice(0, -1);
  return Buffer.from(events.map((event, at) => `id: ${at + 1}\n${event}\n\n`).join(''), 'latin1');
}
