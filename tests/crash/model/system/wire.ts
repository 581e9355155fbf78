/**
 * A stepped connection: every command and every reply waits for a step of the interleaving. What can happen to a command:
 *
 *   waiting ──execute──▶ executed ──deliver──▶ its caller goes on
 *      │                    └──cut──▶ sent again (executed twice) or rejected (executed, but the caller doesn't know)
 *      └──cut──▶ sent again or rejected; a command that had been sent already is executed later all the same
 *
 * Commands of one wire are executed in order, and replies are delivered in order. The wire of a dead process delivers nothing.
 */
import type { Dice } from '../dice.ts';

interface Command {
  label: string;
  run: () => unknown;
  reply: (reply: Reply) => void;
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

  /** The label of the command that is executed next. */
  get next(): string {
    return this.#waiting[0]?.label ?? '';
  }

  send(label: string, run: () => unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#dead) return;
      const answer = (reply: Reply) => ('error' in reply ? reject(reply.error as Error) : resolve(reply.value));
      this.#waiting.push({ label, run, reply: answer });
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
    done?.command.reply(done.reply);
  }

  /** Loses every reply in flight. @param resend as ioredis does by itself once it is connected again */
  cut(dice: Dice, resend: boolean): void {
    const unanswered = [...this.#executed.map(({ command }) => command), ...this.#waiting];
    const sent = this.#alreadySent(dice);
    this.#executed = [];
    this.#waiting = resend ? [...sent, ...unanswered] : sent;
    if (resend) return;
    for (const { reply } of unanswered) reply({ error: new ConnectionCut('connection cut') });
  }

  /** The process dies: commands that were sent are still executed, and nothing is delivered. */
  die(dice: Dice): void {
    this.#waiting = this.#alreadySent(dice);
    this.#executed = [];
    this.#dead = true;
  }

  #alreadySent(dice: Dice): Command[] {
    const count = dice.below(this.#waiting.length + 1);
    return this.#waiting.slice(0, count).map((command) => ({ ...command, reply: () => undefined }));
  }
}

async function replyOf({ run }: Command): Promise<Reply> {
  try {
    return { value: await run() };
  } catch (error) {
    return { error };
  }
}
