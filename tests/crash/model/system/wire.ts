/**
 * A connection whose every command and every reply waits for the scheduler. What can become of a command:
 *
 *   waiting ──execute──▶ executed ──deliver──▶ its caller goes on
 *      │                    └──cut──▶ sent again (executed twice) or rejected (executed, and nobody knows)
 *      └──cut──▶ sent again or rejected; and, where it had left already, executed later all the same
 *
 * Commands of one wire are executed in order, and so are its replies. A wire of a process that died delivers nothing.
 */
import type { Dice } from '../dice.ts';

interface Command {
  label: string;
  run: () => unknown;
  settle: (reply: Reply) => void;
}

type Reply = { value: unknown } | { error: unknown };

export class ConnectionCut extends Error {
  readonly code = 'ECONNRESET';
}

export class Wire {
  readonly name: string;
  #waiting: Command[] = [];
  #executed: { command: Command; reply: Reply }[] = [];
  #dead = false;

  constructor(name: string) {
    this.name = name;
  }

  get canExecute(): boolean {
    return this.#waiting.length > 0;
  }

  get canDeliver(): boolean {
    return this.#executed.length > 0;
  }

  /** What would be executed next. */
  get next(): string {
    return this.#waiting[0]?.label ?? '';
  }

  send(label: string, run: () => unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#dead) return;
      const settle = (reply: Reply) => ('error' in reply ? reject(reply.error as Error) : resolve(reply.value));
      this.#waiting.push({ label, run, settle });
    });
  }

  async execute(): Promise<void> {
    const command = this.#waiting.shift();
    if (!command) return;
    const reply = await replyOf(command);
    if (!this.#dead) this.#executed.push({ command, reply });
  }

  deliver(): void {
    const done = this.#executed.shift();
    done?.command.settle(done.reply);
  }

  /** Every reply under way is lost. `resend` is what ioredis does by itself once it is connected again. */
  cut(dice: Dice, resend: boolean): void {
    const unanswered = [...this.#executed.map(({ command }) => command), ...this.#waiting];
    const left = this.#leftAlready(dice);
    this.#executed = [];
    this.#waiting = resend ? [...left, ...unanswered] : left;
    if (resend) return;
    for (const { settle } of unanswered) settle({ error: new ConnectionCut('connection cut') });
  }

  /** The process dies: what had left already is still executed, and nothing is ever delivered. */
  die(dice: Dice): void {
    this.#waiting = this.#leftAlready(dice);
    this.#executed = [];
    this.#dead = true;
  }

  #leftAlready(dice: Dice): Command[] {
    const count = dice.below(this.#waiting.length + 1);
    return this.#waiting.slice(0, count).map((command) => ({ ...command, settle: () => undefined }));
  }
}

async function replyOf({ run }: Command): Promise<Reply> {
  try {
    return { value: await run() };
  } catch (error) {
    return { error };
  }
}
