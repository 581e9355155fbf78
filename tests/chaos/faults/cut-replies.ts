/**
 * Redis does what it is told, and the process that told it never hears so: its connection breaks before the reply. All
 * that is sent again must then be done once. The line of any process is hit, at random moments.
 */
import type { Fault } from './fault.ts';

export const cutReplies: Fault = {
  name: 'replies-cut',
  does: 'a connection of a random process breaks after Redis did its command and before the reply',
  workers: 2,
  ownLines: true,
  load: { jobs: 600, perSecond: 20, tokens: [10, 40], itlMs: 25 },
  every: [300, 900],
  recovery: 'next token',
  long: { load: { jobs: 2_500, perSecond: 20, tokens: [10, 40], itlMs: 25 }, every: [300, 900] },
  async inject({ lines, dice }) {
    await dice.pick(lines).cutReply();
  },
};
