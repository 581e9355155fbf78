/**
 * The idempotency key is the address of a job: the job's id is a digest of tenant and key. So no second index has to agree with
 * the jobs, and client text never becomes part of a Redis key or a BullMQ id.
 */
import { hash, randomBytes } from 'node:crypto';
import { RequestError } from '../error.ts';

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';
const JOB_ID = /^job_[a-z2-7]{32}$/;

function base32(bytes: Buffer): string {
  let text = '';
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += BASE32[(value >>> bits) & 31];
      value &= (1 << bits) - 1;
    }
  }
  return text;
}

/** The id of the job that `key` names for `tenant`; a new random one without a key. 160 bits. */
export function jobIdFor(tenant: string, key: string | null): string {
  if (key === null) return `job_${base32(randomBytes(20))}`;
  // The length prefix keeps ("a", "bc") and ("ab", "c") apart.
  const digest = hash('sha256', `${tenant.length}:${tenant}:${key}`, 'buffer');
  return `job_${base32(digest.subarray(0, 20))}`;
}

export function isJobId(text: string): boolean {
  return JOB_ID.test(text);
}

/**
 * Reads an `Idempotency-Key` header: raw (`abc`) or quoted (`"abc"`, a Structured-Field String as the IETF draft
 * draft-ietf-httpapi-idempotency-key-header asks); both name the same key.
 * @param param the header or parameter that holds the key, for the error
 * @returns the key: 1 to 255 visible ASCII characters or spaces
 * @throws RequestError `invalid_idempotency_key`
 */
export function parseIdempotencyKey(header: string, param = 'Idempotency-Key'): string {
  const refuse = (fix: string) => new RequestError('invalid_idempotency_key', `${param} ${fix}`, { param });
  let key = header.trim();
  if (key.startsWith('"')) {
    if (key.length < 2 || !/^"(?:[^"\\]|\\["\\])*"$/.test(key)) throw refuse('is quoted but its quotes do not match.');
    key = key.slice(1, -1).replace(/\\(["\\])/g, '$1');
  }
  if (key.length === 0) throw refuse('is empty: send 1 to 255 characters, or leave the header out.');
  if (key.length > 255) throw refuse(`has ${key.length} characters; expected at most 255.`);
  if (!/^[\x20-\x7e]+$/.test(key)) throw refuse('may contain only visible ASCII characters and spaces.');
  return key;
}
