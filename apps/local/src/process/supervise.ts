/**
 * Keeps one process running until it is asked to stop.
 *
 *   starting ──ready──▶ up ──ends──▶ waiting ──back-off──▶ starting
 *      └──────ends, or isn't ready in time──▲
 *   starting ──ended MAX_FIRST_STARTS times, or once with EXIT_MISCONFIGURED, and was never up──▶ failed
 *   any ──stop──▶ stopping ──▶ stopped
 *
 * The back-off doubles with each end, and starts over after a long enough run. A process that never came up fails after a few
 * starts, because the user has to correct something. A process that was up once is restarted without limit.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { EXIT_MISCONFIGURED } from '@holdfast/service';
import { describeExit, type Exit, type RunningProcess } from './run-process.ts';

export interface Service {
  readonly name: string;
  /** Starts it once. */
  start(): Promise<RunningProcess>;
  /** Resolves once it is ready; rejects when it never will be. `signal`: aborted when the result is no longer needed. */
  ready(running: RunningProcess, signal: AbortSignal): Promise<void>;
}

export interface BackOff {
  /** Wait before the first restart, in ms; doubles each time. */
  baseMs: number;
  maxMs: number;
  /** A run of so many ms resets the back-off. */
  resetAfterMs: number;
}

/** How one run of the process has ended. */
interface RunEnd {
  reason: string;
  cameUp: boolean;
  /** The exit code of a process that ended by itself. */
  code?: number | null;
}

type State = 'starting' | 'up' | 'waiting' | 'failed' | 'stopping' | 'stopped';

const MAX_FIRST_STARTS = 3;
const DEFAULT_BACK_OFF: BackOff = { baseMs: 200, maxMs: 10_000, resetAfterMs: 30_000 };

export class SupervisedProcess {
  readonly name: string;
  /** Resolves when it is up for the first time; rejects when it failed, or was stopped before. */
  readonly up: Promise<void>;
  readonly #service: Service;
  readonly #say: (line: string) => void;
  readonly #backOff: BackOff;
  readonly #stopping = new AbortController();
  readonly #first = Promise.withResolvers<void>();
  readonly #ended: Promise<void>;
  #state: State = 'starting';
  #running: RunningProcess | null = null;
  #graceMs = 0;

  constructor(service: Service, say: (line: string) => void, backOff: BackOff = DEFAULT_BACK_OFF) {
    this.name = service.name;
    this.#service = service;
    this.#say = say;
    this.#backOff = backOff;
    this.up = this.#first.promise;
    // Callers that await `up` get the rejection. Without callers it must not end this process.
    this.up.catch(() => {});
    this.#ended = this.#run();
  }

  get state(): State {
    return this.#state;
  }

  get pid(): number | null {
    return this.#running?.pid ?? null;
  }

  /** Stops it, without a restart: SIGTERM, and SIGKILL after `graceMs`. A later call with a shorter `graceMs` shortens the wait. */
  async stop(graceMs: number): Promise<void> {
    this.#graceMs = graceMs;
    if (this.#state !== 'failed' && this.#state !== 'stopped') this.#state = 'stopping';
    this.#stopping.abort();
    await this.#running?.stop(graceMs);
    await this.#ended;
  }

  async #run(): Promise<void> {
    let wasUp = false;
    let ends = 0;
    for (let starts = 1; !this.#isStopping(); starts++) {
      const begunAt = performance.now();
      this.#state = 'starting';
      const { reason, cameUp, code } = await this.#runOnce(wasUp);
      if (this.#isStopping()) break;
      wasUp ||= cameUp;
      if (!wasUp && (starts >= MAX_FIRST_STARTS || code === EXIT_MISCONFIGURED)) return this.#fail(reason);
      if (performance.now() - begunAt >= this.#backOff.resetAfterMs) ends = 0;
      const waitMs = Math.min(this.#backOff.maxMs, this.#backOff.baseMs * 2 ** ends++);
      this.#state = 'waiting';
      this.#say(`${this.name} ended (${reason}); starting it again in ${waitMs} ms.`);
      await delay(waitMs, undefined, { signal: this.#stopping.signal }).catch(() => {});
    }
    this.#state = 'stopped';
    this.#first.reject(new Error(`${this.name} was stopped before it was up`));
  }

  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  #fail(reason: string): void {
    this.#state = 'failed';
    this.#first.reject(new Error(`${this.name} does not start (${reason}).`));
  }

  /** One run, from its start to its end. */
  async #runOnce(wasUpBefore: boolean): Promise<RunEnd> {
    let running: RunningProcess;
    try {
      running = await this.#service.start();
    } catch (error) {
      return { reason: messageOf(error), cameUp: false };
    }
    this.#running = running;
    // `stop` was called during the start, when there was no process to end yet.
    if (this.#isStopping()) await running.stop(this.#graceMs);
    const end = await this.#watch(running, wasUpBefore);
    this.#running = null;
    return end;
  }

  async #watch(running: RunningProcess, wasUpBefore: boolean): Promise<RunEnd> {
    const waiting = new AbortController();
    const ended = running.exited.then((exit): { exit: Exit } => ({ exit }));
    const ready = this.#service.ready(running, waiting.signal).then(
      () => 'ready' as const,
      (error: unknown) => ({ error }),
    );
    const first = await Promise.race([ended, ready]);
    waiting.abort();
    if (first !== 'ready') {
      if ('error' in first) await running.stop(this.#isStopping() ? this.#graceMs : 0);
      if ('error' in first) return { reason: messageOf(first.error), cameUp: false };
      return { reason: describeExit(first.exit), cameUp: false, code: first.exit.code };
    }
    if (!this.#isStopping()) this.#state = 'up';
    if (wasUpBefore && !this.#isStopping()) this.#say(`${this.name} is up again.`);
    this.#first.resolve();
    return { reason: describeExit((await ended).exit), cameUp: true };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
