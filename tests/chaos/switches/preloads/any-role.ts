/** Loaded before the console: a role is good for everything. */
import { changeSource } from '../change-source.ts';

changeSource(
  'apps/console/src/access/require-role.ts',
  'if (actor.role !== null && mayActAs(actor.role, role)) return;',
  'return;',
);
