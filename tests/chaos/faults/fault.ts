/** What a fault is, and what it can reach. */
import type { RestartableRedis } from '../../stack/restartable-redis.ts';
import type { Dice } from '../run/dice.ts';
import type { Ledger, Load } from '../run/ledger.ts';
import type { Scene } from '../run/scene.ts';
import type { Watch } from '../run/watch.ts';

export interface FaultContext extends Scene {
  dice: Dice;
  ledger: Ledger;
  watch: Watch;
  /** Recovery is measured from this call on, where it ends with the next acknowledged submit. */
  markFault(): void;
  /** From the dose; 0 where it has none. */
  holdMs: number;
  /** Aborted when all jobs have been checked. Nothing may go on after it. */
  signal: AbortSignal;
}

/** How much of a fault a run has. */
export interface Dose {
  load: Load;
  /** From the start of one injection to the start of the next, in ms: minimum, maximum. */
  every: readonly [number, number];
  /** How long one injection lasts, for a fault that lasts. */
  holdMs?: number;
}

/** The fault's own dose lasts about half a minute. */
export interface Fault extends Dose {
  /** The value of `--only`. */
  name: string;
  /** What is done, for the report. */
  does: string;
  workers: number;
  /** The dose of the long form. */
  long?: Dose;
  /** Default: a single Redis that is configured to lose nothing. */
  openRedis?(dice: Dice): Promise<RestartableRedis>;
  /** Each process reaches Redis through its own proxy, which can disturb the connection. */
  proxied?: boolean;
  /** Settings of the processes. */
  env?: NodeJS.ProcessEnv;
  /** Why this machine can't have the fault; null where it can. */
  unavailable?(): string | null;
  /** What ends the recovery: the next token of a job that was hit, or the next submit that is acknowledged. */
  recovery: 'next token' | 'next submit';
  /** Injects the fault once. Resolves when the next injection may come. */
  inject(context: FaultContext): Promise<void>;
  /**
   * Observes the run from the start. Once the jobs have ended it resolves with the promises that it saw violated, one
   * sentence each.
   */
  observe?(context: FaultContext, submitted: Promise<void>): Promise<string[]>;
}
