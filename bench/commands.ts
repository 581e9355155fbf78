/**
 * The side of the child process: it runs the commands that come over its IPC channel, and ends when its parent ends. The parent's
 * side is `performance/bed/processes.ts`.
 */

/** The number matches a reply to its command. */
export interface CommandMessage {
  number: number;
  command: unknown;
}

export type ReplyMessage = { number: number } & ({ answer: unknown } | { error: string });

export function serveCommands<Command>(run: (command: Command) => Promise<unknown> | unknown): void {
  process.on('message', async ({ number, command }: CommandMessage) => {
    try {
      reply({ number, answer: (await run(command as Command)) ?? null });
    } catch (error) {
      reply({ number, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  });
  process.once('disconnect', () => process.exit(0));
  process.send?.('ready');
}

function reply(message: ReplyMessage): void {
  process.send?.(message);
}
