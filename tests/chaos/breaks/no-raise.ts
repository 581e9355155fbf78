/** Loaded before a worker: what a call may cost is not set aside before it leaves. */
import { changeSource } from '../change-source.ts';

const isFree = "if (usd === null || claim.reservation === '') return null;";
changeSource('apps/worker/src/set-aside.ts', isFree, 'return null;');
