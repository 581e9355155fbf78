/**
 * The measured processes, and those that put load on them. Their output goes to files. So a log line costs its writer as much as
 * in production, and costs the measuring process nothing.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { processEnv } from '../../../tests/stack/stack.ts';
import type { ReplyMessage } from '../../commands.ts';

const root = join(import.meta.dirname, '../../..');
const READY_WITHIN_MS = 60_000;
const END_WITHIN_MS = 20_000;

export interface ProcessOptions {
  /** From the root of the repository. */
  program: string;
  env?: NodeJS.ProcessEnv;
  /** A module that is loaded before it, from the root of the repository. */
  preload?: string | undefined;
  /** The text that it logs when it is ready. Default: it serves commands (`commands.ts`), and says so itself. */
  ready?: string;
  logFile: string;
}

export class BenchProcess {
  readonly #child: ChildProcess;
  readonly #options: ProcessOptions;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #commands = 0;

  private constructor(options: ProcessOptions) {
    this.#options = options;
    const { program, env = {}, preload, logFile } = options;
    const preloads = preload === undefined ? [] : ['--import', join(root, preload)];
    const log = openSync(logFile, 'a');
    this.#child = spawn(process.execPath, ['--conditions=holdfast-source', ...preloads, join(root, program)], {
      env: { ...processEnv, ...env },
      stdio: ['ignore', log, log, ...(options.ready === undefined ? (['ipc'] as const) : [])],
      cwd: root,
    });
    closeSync(log);
    this.#child.on('message', (message: ReplyMessage | 'ready') => this.#take(message));
    this.#child.once('exit', () => {
      for (const { reject } of this.#waiting.values()) reject(this.#exitError());
    });
  }

  /** Resolves when the process is ready. */
  static async start(options: ProcessOptions): Promise<BenchProcess> {
    const started = new BenchProcess(options);
    await started.#untilReady();
    return started;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Sends a command. @throws Error with what failed in the process, or how it ended */
  ask<Answer>(command: unknown): Promise<Answer> {
    if (this.#hasEnded) throw this.#exitError();
    const number = this.#commands++;
    const answer = Promise.withResolvers<unknown>();
    this.#waiting.set(number, answer);
    this.#child.send({ number, command });
    return answer.promise as Promise<Answer>;
  }

  /** Sends SIGTERM, and SIGKILL if the process doesn't end in time. */
  async end(): Promise<void> {
    if (this.#hasEnded) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), END_WITHIN_MS);
    await exited;
    clearTimeout(timer);
  }

  #take(message: ReplyMessage | 'ready'): void {
    if (message === 'ready') return;
    const waiting = this.#waiting.get(message.number);
    this.#waiting.delete(message.number);
    if ('error' in message) waiting?.reject(new Error(`${this.#options.program}: ${message.error}`));
    else waiting?.resolve(message.answer);
  }

  async #untilReady(): Promise<void> {
    const { ready, logFile, program } = this.#options;
    if (ready === undefined) {
      const exited = once(this.#child, 'exit').then(() => Promise.reject(this.#exitError()));
      exited.catch(() => undefined);
      await Promise.race([once(this.#child, 'message'), exited]);
      return;
    }
    const deadline = performance.now() + READY_WITHIN_MS;
    while (!readFileSync(logFile, 'utf8').includes(ready)) {
      if (this.#hasEnded) throw this.#exitError();
      if (performance.now() > deadline) throw new Error(`${program} was not ready within ${READY_WITHIN_MS} ms.`);
      await delay(20);
    }
  }

  #exitError(): Error {
    const { program, logFile } = this.#options;
    return new Error(`${program} ended: ${readFileSync(logFile, 'utf8').slice(-2_000)}`);
  }
}
