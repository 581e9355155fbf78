/** Loaded before an API: whoever asks which of the equal jobs leads is told that none does. */
import { changeSource } from '../change-source.ts';

const nobodyLeads = 'if not other or other == id then return nil end';
changeSource('packages/cell/src/lua/leader.ts', nobodyLeads, 'if true then return nil end');
