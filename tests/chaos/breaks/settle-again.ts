/** Loaded before API and worker: a reservation that was settled stays in force, for whoever settles next. */
import { changeSource } from '../change-source.ts';

const end = 'endReservation(KEYS[1], KEYS[2], KEYS[3], ARGV[1], kept)\n\n';
const free = "redis.call('HINCRBY', KEYS[1], 'reserved', string.format('%.0f', 0 - kept))\n\n";
changeSource('packages/gate/src/scripts/settle.ts', end, free);
