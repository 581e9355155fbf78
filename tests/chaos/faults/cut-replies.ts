/**
 * Redis executes a command, and the connection breaks before the reply reaches the process. The process sends the command
 * again, and it must take effect only once. Random processes are hit at random moments.
 */
import type { Fault } from './fault.ts';

export const cutReplies: Fault = {
  name: 'replies-cut',
  does: 'a connection of a random process breaks after Redis did its command and before the reply',
  workers: 2,
  proxied: true,
  load: { jobs: 600, perSecond: 20, tokens: [10, 40], itlMs: 25 },
  every: [300, 900],
  recovery: 'next token',
  long: { load: { jobs: 2_500, perSecond: 20, tokens: [10, 40], itlMs: 25 }, every: [300, 900] },
  async inject({ proxies, dice }) {
    await dice.pick(proxies).cutReply();
  },
};
