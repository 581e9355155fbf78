/** What a fault is to the runner, and what it may reach. */
import type { RestartableRedis } from '../flow/restartable-redis.ts';
import type { Dice } from './dice.ts';
import type { Ledger, Load } from './ledger.ts';
import type { Scene } from './scene.ts';
import type { Watch } from './watch.ts';

export interface Reach extends Scene {
  dice: Dice;
  /** How long one injection lasts, for a fault that has a length. */
  holdMs: number;
  ledger: Ledger;
  watch: Watch;
  /** Notes the moment from which the fault's recovery counts; for a fault whose recovery is told by answers. */
  struck(): void;
  /** Aborted when all has been judged: nothing may go on after it. */
  over: AbortSignal;
}

export interface Fault {
  /** As given to `--only`. */
  name: string;
  /** What is done, for the report. */
  does: string;
  workers: number;
  load: Load;
  /** From the start of one injection to the start of the next, in ms: from, to. */
  every: readonly [number, number];
  /** How long one injection lasts, in ms; for a fault that has a length. */
  holdMs?: number;
  /** The long form's numbers, in place of those above. */
  long?: { load: Load; every: readonly [number, number]; holdMs?: number };
  /** Default: one that is alone, and set to lose nothing. */
  openRedis?(dice: Dice): Promise<RestartableRedis>;
  /** Every process reaches Redis by a line of its own that can be disturbed. */
  ownLines?: boolean;
  /** Settings of the processes. */
  env?: NodeJS.ProcessEnv;
  /** Redis may come back without what workers wrote last, so that a call is made again and nobody knows of the first. */
  forgetsCalls?: boolean;
  /** Why the fault can't be made on this machine; null where it can. */
  whyNotHere?(): string | null;
  /** What recovery is: the next token of a job that was hit, or the next submit that is acknowledged. */
  recovery: 'next token' | 'next submit';
  /** Once. Resolves when the next may come. */
  inject(reach: Reach): Promise<void>;
  /** Runs beside the load; resolves with what it saw broken, a sentence each, once the jobs have ended. */
  beside?(reach: Reach, loadDone: Promise<void>): Promise<string[]>;
}
