/** Loaded before API and worker: a reservation that was settled stays in force, for whoever settles next. */
import { changeSource } from '../change-source.ts';

const nonceFits = 'if nonce ~= ARGV[2] then return 0 end\n';
const forget = "redis.call('HDEL', KEYS[2], ARGV[1])\n";
changeSource('packages/gate/src/scripts/settle.ts', nonceFits + forget, nonceFits);
