/** Loaded before API and worker: a tenant whose turn it is keeps it, until nothing of its own waits. */
import { changeSource } from '../change-source.ts';

const nextTurn = 'if ring == NEW or credit < 1 then toTheEnd(ring) end';
changeSource('packages/cell/src/scripts/queue/dispatch.ts', nextTurn, '');
