import { Script } from '@holdfast/redis';
import { clock } from './clock.ts';
import { minute } from './minute.ts';

/**
 * Reads all that the ledger knows of a tenant, at one moment.
 *
 *   KEYS  minute, ledger
 *   returns {now in ms, requests in the minute, ms until the oldest leaves it, {field, value, …} of the ledger}
 */
export const readUsageScript = new Script(`${clock}${minute}
local used, leavesIn = readMinute(KEYS[1])
return {nowMs, used, leavesIn, redis.call('HGETALL', KEYS[2])}
`);

/**
 * Reads the requests alone: the ledger has thousands of fields.
 *
 *   KEYS  minute
 *   returns {requests in the minute, ms until the oldest leaves it}
 */
export const readRequestsScript = new Script(`${clock}${minute}
local used, leavesIn = readMinute(KEYS[1])
return {used, leavesIn}
`);
