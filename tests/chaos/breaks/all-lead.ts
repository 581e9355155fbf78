/** Loaded before an API: whoever asks which of the equal jobs leads is told that its own does. */
import { changeSource } from '../change-source.ts';

const nobodyLeads = 'if not leader or leader == ARGV[2] then';
changeSource('packages/journal/src/scripts/lead.ts', nobodyLeads, 'if true then');
