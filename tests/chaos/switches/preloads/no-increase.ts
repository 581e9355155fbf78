/** Loaded before a worker: what a call may cost is not reserved before it leaves. */
import { changeSource } from '../change-source.ts';

changeSource('apps/worker/src/cost/budget-reservation.ts', 'if (usd === null) return null;', 'return null;');
