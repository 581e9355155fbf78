/** Loaded before an API: every equal job finds no leader, and so becomes one. */
import { changeSource } from '../change-source.ts';

const noLeader = 'if not other or other == id then return nil end';
changeSource('packages/cell/src/lua/leader.ts', noLeader, 'if true then return nil end');
