/**
 * The packed form of an ended job's request and log: deflated together, with the job's answer as the dictionary, since it contains most
 * of the log's text.
 *
 *   request (empty where it is stored separately)  0  format of the log  log
 *
 * Short logs are packed without their events' numbers, which count from 1 and hardly compress.
 */
import { pipeline, Readable } from 'node:stream';
import { promisify } from 'node:util';
import { createInflateRaw, deflateRaw, type ZlibOptions } from 'node:zlib';
import type { Cell } from '@holdfast/cell';
import { readBytes, readValue, WINDOW_BYTES } from '../write/staged-value.ts';

/** The dictionary is this much of the answer: deflate can't look back further. */
export const DICTIONARY_BYTES = 32_768;

type OnCell = Pick<Cell, 'redis' | 'keys'>;

export interface PackedParts {
  /** JSON; empty where it is stored separately. */
  request: Buffer;
  log: Buffer;
}

/** The byte that ends the request. JSON never contains it. */
const END = 0;
const WITHOUT_NUMBERS = 1;
const WITH_NUMBERS = 2;

/** Larger logs keep their numbers: removing them would block the process for too long. */
const MAX_WITHOUT_NUMBERS = 1_048_576;

const deflate = promisify(deflateRaw) as (bytes: Buffer, options: ZlibOptions) => Promise<Buffer>;

const withDictionary = (dictionary: Buffer): ZlibOptions => (dictionary.length > 0 ? { dictionary } : {});

/** The beginning of a job's answer; empty without one. */
export function readDictionary(cell: OnCell, jobId: string): Promise<Buffer> {
  return readBytes(cell, cell.keys.job(jobId).output, DICTIONARY_BYTES);
}

/** A job's log, in windows; nothing where it isn't packed. @param dictionary from `readDictionary` */
export function readPackedLog(cell: OnCell, jobId: string, dictionary: Buffer): AsyncGenerator<Buffer> {
  return unpackedLog(readPacked(cell, jobId), dictionary);
}

/** A job's request; empty where it isn't packed. @param dictionary from `readDictionary` */
export function readPackedRequest(cell: OnCell, jobId: string, dictionary: Buffer): Promise<Buffer> {
  return unpackedRequest(readPacked(cell, jobId), dictionary);
}

function readPacked(cell: OnCell, jobId: string): AsyncGenerator<Buffer> {
  return readValue(cell, cell.keys.job(jobId).packed, Number.POSITIVE_INFINITY);
}

export async function packed({ request, log }: PackedParts, dictionary: Buffer): Promise<Buffer> {
  const bare = log.length <= MAX_WITHOUT_NUMBERS ? withoutNumbers(log) : null;
  const head = Buffer.of(END, bare ? WITHOUT_NUMBERS : WITH_NUMBERS);
  return deflate(Buffer.concat([request, head, bare ?? log]), withDictionary(dictionary));
}

/** The log, in windows. @param dictionary the same as when it was packed */
export async function* unpackedLog(pieces: AsyncIterable<Buffer>, dictionary: Buffer): AsyncGenerator<Buffer> {
  let head: Buffer = Buffer.alloc(0);
  let kind: number | undefined;
  const bare: Buffer[] = [];
  for await (const inflated of inflate(pieces, dictionary)) {
    let window = inflated;
    if (kind === undefined) {
      head = Buffer.concat([head, window]);
      const end = head.indexOf(END);
      kind = end === -1 ? undefined : head[end + 1];
      if (kind === undefined) continue;
      window = head.subarray(end + 2);
    }
    if (kind === WITHOUT_NUMBERS) bare.push(window);
    else yield window;
  }
  if (bare.length > 0) yield withNumbers(Buffer.concat(bare));
}

/** @param dictionary the same as when it was packed */
export async function unpackedRequest(pieces: AsyncIterable<Buffer>, dictionary: Buffer): Promise<Buffer> {
  const windows: Buffer[] = [];
  for await (const window of inflate(pieces, dictionary)) {
    const end = window.indexOf(END);
    windows.push(end === -1 ? window : window.subarray(0, end));
    if (end !== -1) break;
  }
  return Buffer.concat(windows);
}

/** Throws what the pieces throw. */
function inflate(pieces: AsyncIterable<Buffer>, dictionary: Buffer): AsyncIterable<Buffer> {
  const inflated = createInflateRaw({ chunkSize: WINDOW_BYTES, ...withDictionary(dictionary) });
  // The reader of `inflated` gets the error.
  return pipeline(Readable.from(pieces), inflated, () => undefined);
}

/** null: its events are not numbered from 1. */
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
