/**
 * Bounds logins: ten in a minute from one address, and thirty with one key, wherever they come from (by the beginning of the key,
 * so that guesses of the rest count together).
 */

import type { Redis } from '@holdfast/redis';
import { AttemptCounter } from '../access/attempt-counter.ts';

const LOGINS_PER_ADDRESS = 10;
const LOGINS_PER_KEY = 30;
/** As much as names a key: `holdc_`, and its id. */
const KEY_PREFIX = 18;

export interface LoginThrottle {
  /**
   * Counts an attempt. Above a bound the right key is refused too. Otherwise guessing could go on until it hits.
   * @throws RequestError `too_many_requests`, with the time until the next minute
   */
  count(address: string, key: string): Promise<void>;
}

export function createLoginThrottle(options: { redis: Redis; prefix: string }): LoginThrottle {
  const addresses = new AttemptCounter(options, LOGINS_PER_ADDRESS);
  const keys = new AttemptCounter(options, LOGINS_PER_KEY);
  return {
    async count(address, key) {
      addresses.refuseAbove(await addresses.count(`login:${address}`));
      keys.refuseAbove(await keys.count(`login-key:${key.slice(0, KEY_PREFIX)}`));
    },
  };
}
