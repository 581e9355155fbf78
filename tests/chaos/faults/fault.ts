/** What a fault is to the runner, and what it may reach. */
import type { RestartableRedis } from '../../stack/restartable-redis.ts';
import type { Dice } from '../run/dice.ts';
import type { Ledger, Load } from '../run/ledger.ts';
import type { Scene } from '../run/scene.ts';
import type { Watch } from '../run/watch.ts';

export interface Reach extends Scene {
  dice: Dice;
  ledger: Ledger;
  watch: Watch;
  /** Notes the moment from which the fault's recovery counts; for a fault whose recovery is told by answers. */
  struck(): void;
  /** As the dose has it; 0 where it has none. */
  holdMs: number;
  /** Aborted when all has been judged: nothing may go on after it. */
  over: AbortSignal;
}

/** How much of a fault a run has. */
export interface Dose {
  load: Load;
  /** From the start of one injection to the start of the next, in ms: from, to. */
  every: readonly [number, number];
  /** How long an injection lasts, of a fault that lasts. */
  holdMs?: number;
}

/** Its own dose is some half a minute of it. */
export interface Fault extends Dose {
  /** As given to `--only`. */
  name: string;
  /** What is done, for the report. */
  does: string;
  workers: number;
  /** In the long form. */
  long?: Dose;
  /** Default: one that is alone, and set to lose nothing. */
  openRedis?(dice: Dice): Promise<RestartableRedis>;
  /** Every process reaches Redis by a line of its own that can be disturbed. */
  ownLines?: boolean;
  /** Settings of the processes. */
  env?: NodeJS.ProcessEnv;
  /** Why the fault can't be made on this machine; null where it can. */
  whyNotHere?(): string | null;
  /** What recovery is: the next token of a job that was hit, or the next submit that is acknowledged. */
  recovery: 'next token' | 'next submit';
  /** Once. Resolves when the next may come. */
  inject(reach: Reach): Promise<void>;
  /** Runs beside the load; resolves with what it saw broken, a sentence each, once the jobs have ended. */
  beside?(reach: Reach, loadDone: Promise<void>): Promise<string[]>;
}
