/** Loaded before an API: it counts a tenant's minute for itself. */
import { changeSource } from '../change-source.ts';

for (const begin of ['local function readMinute(key)\n', 'local function countInMinute(key)\n']) {
  changeSource('packages/gate/src/scripts/minute.ts', begin, `${begin}key = key .. ':${process.pid}'\n`);
}
