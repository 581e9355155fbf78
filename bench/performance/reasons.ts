/** Why a goal is not met, by row: shown beside its figures for as long as that is so. Say what costs, and what would change it. */
const roundTrips =
  'accepting a job, counting its request, reserving its budget and queueing it are separate commands, written one by one; ' +
  'socket writes are more than a third of the API’s CPU. One script that does all of it would change that.';
const appends =
  'an append per journal every few milliseconds: more than a hundred for such a job. Each costs Redis several times what ' +
  'its commands do, and flushing is almost half of a worker’s CPU per token. Appending to many journals in one script ' +
  'would change that.';

export const reasons: Readonly<Record<string, string>> = {
  submit: roundTrips,
  'submit-one': roundTrips,
  replay: 'a replay looks for the job twice before it answers, and confirms the second look like a write.',
  poll: 'more than half of a poll is socket writes; the rest is mostly middleware that every request passes.',
  jobs:
    'a job takes about a hundred Redis commands from its dispatch to its end: scheduler, claim, appends, settling and release ' +
    'are scripts of their own beside BullMQ’s. One script for the end, and hand-over in batches, would change that.',
  'worker-sdk': 'the worker’s own part is as large as the SDK’s: see the row of short jobs.',
  'first-token':
    'four round trips before the answer to the submit, and 23 commands before the call; the first token then waits for the ' +
    'clock that gathers tokens.',
  tokens: appends,
  'token-latency': `not profiled apart from the cost of a token: ${appends}`,
  attach:
    'not profiled yet. Each reader reads the journal from Redis for itself, in windows; the peer has the bytes in its memory.',
  'idle-readers':
    'not profiled yet. A reader keeps its request, timers and a subscription for as long as it is attached.',
  'redis-per-job': appends,
  memory:
    'a waiting job is in its record, its journal, its tenant’s list and the scheduler; an ended one keeps its journal beside ' +
    'its output, and every token as an event of its own.',
  list: 'a page reads each of its jobs whole, outputs included.',
  backlog:
    'not profiled yet. Rates swing with whatever else runs on the machine: CPU says what a backlog costs. A worker’s sweep goes ' +
    'through all open jobs, and its time is known to grow with their square.',
};
