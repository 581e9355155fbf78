/**
 * The text of an API key:
 *
 *   hold_ | key id, 12 | _ | secret, 32 base62 characters (190 bits) | checksum, 6 base62 characters
 *
 * The fixed beginning and the checksum tell a real key from a mistyped or invented one without a look-up, here and in secret
 * scanners. A bootstrap key, which an operator chooses, needs only the beginning and 20 characters after it.
 */
import { createHash, randomInt } from 'node:crypto';
import { crc32 } from 'node:zlib';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const LOWER = '0123456789abcdefghijklmnopqrstuvwxyz';
const MAX_LENGTH = 200;
const ANY_KEY = /^hold_[A-Za-z0-9_]{20,}$/;
const OUR_KEY = /^hold_[0-9a-z]{12}_[0-9A-Za-z]{38}$/;
const CHECKSUM_LENGTH = 6;

function randomText(alphabet: string, length: number): string {
  return Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('');
}

/** CRC-32 in base62: 62^6 > 2^32. It detects mistakes; only the secret keeps attackers out. */
function checksum(text: string): string {
  let rest = crc32(text);
  let digits = '';
  for (let place = 0; place < CHECKSUM_LENGTH; place += 1) {
    digits = BASE62[rest % 62] + digits;
    rest = Math.floor(rest / 62);
  }
  return digits;
}

/** 62 random bits: unique among a tenant's keys. */
export function newKeyId(): string {
  return randomText(LOWER, 12);
}

export function newKeyText(keyId: string): string {
  const body = `hold_${keyId}_${randomText(BASE62, 32)}`;
  return body + checksum(body);
}

/** Whether the text can be a key. A text in the format of our keys must have the right checksum. */
export function isKeyText(text: string): boolean {
  if (text.length > MAX_LENGTH || !ANY_KEY.test(text)) return false;
  return !OUR_KEY.test(text) || checksum(text.slice(0, -CHECKSUM_LENGTH)) === text.slice(-CHECKSUM_LENGTH);
}

/** The stored form of a key. No salt or stretching: nobody can guess 190 random bits. */
export function digestOf(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}
