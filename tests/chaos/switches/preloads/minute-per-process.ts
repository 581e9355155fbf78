/** Loaded before an API: it counts a tenant's requests a minute for itself, apart from other API processes. */
import { changeSource } from '../change-source.ts';

for (const begin of ['local function readMinute(tenant)\n', 'local function countInMinute(tenant)\n']) {
  changeSource('packages/cell/src/lua/minute.ts', begin, `${begin}  tenant = tenant .. ':${process.pid}'\n`);
}
