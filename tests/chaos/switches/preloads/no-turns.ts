/** Loaded before API and worker: a tenant keeps its turn until none of its jobs waits. */
import { changeSource } from '../change-source.ts';

const nextTurn = 'if ring == NEW or credit < 1 then toTheEnd(ring) end';
changeSource('packages/cell/src/scripts/queue/dispatch.ts', nextTurn, '');
