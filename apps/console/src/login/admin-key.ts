/** Checks the admin key. */
import { createHash, timingSafeEqual } from 'node:crypto';

const digest = (text: string) => createHash('sha256').update(text).digest();

/** Compares in constant time. Digests are compared, because their lengths are always equal. */
export function createAdminKeyCheck(adminKey: string): (presented: string) => boolean {
  const expected = digest(adminKey);
  return (presented) => timingSafeEqual(digest(presented), expected);
}
