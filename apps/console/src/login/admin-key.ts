/** The one secret that makes an admin. */
import { createHash, timingSafeEqual } from 'node:crypto';

const digest = (text: string) => createHash('sha256').update(text).digest();

/** Compares in constant time; digests, because their lengths are equal whatever was presented. */
export function createAdminKeyCheck(adminKey: string): (presented: string) => boolean {
  const expected = digest(adminKey);
  return (presented) => timingSafeEqual(digest(presented), expected);
}
