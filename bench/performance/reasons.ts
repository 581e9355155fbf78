/**
 * Why a goal is not met, by row: shown beside its figures for as long as that is so. Say what costs, and what would change
 * it. Profiles: `--cpu-prof` of Node, `perf` and `INFO commandstats` of Redis, scripts cut off at one step after the other.
 */
const fsyncs =
  'With `appendfsync always` a turn of Redis that has written waits for its disk: 0.4 ms here on average, up to 8 ms, whoever ' +
  'wrote and however little. Few large turns cost less than many small ones.';

export const reasons: Readonly<Record<string, string>> = {
  submit:
    'Node is level with the peer: a fifth of its CPU writes to sockets, Express’ router takes a tenth, and so does each of zod, the ' +
    'digests and what the answer is made of. Redis runs one script of 17 commands, 40 µs, where BullMQ’s `add` has 9: 3 µs build ' +
    'the script’s functions, the rest is admission, the tenant’s list, the fair order and the journal’s first event. ' +
    'Redis Functions would save the 3 µs, and tie the deployed library to the code’s version.',
  replay:
    'A replay is a whole request: parsed, checked and digested like the first, then one script. Node’s share is the one of a ' +
    'submit; only Redis has less to do.',
  poll: 'Half of a poll is what every request costs: Express, and one write to Redis and one to the client.',
  jobs:
    'Redis takes 0.3 ms a job: BullMQ’s two scripts 93 µs, ours 130 µs when they run by themselves (finish 75, claim 27, append 22, ' +
    'dispatch 6); beside the worker, on two cores, caches are cold and each is half as slow again. Of a finish 4 µs build the script’s ' +
    'functions, 12 read the record, 12 settle the run and 13 set what expires. The worker takes 0.2 to 0.3 ms, of which the collector, the ' +
    'line that is logged and BullMQ’s own part are a tenth each; it is idle for 60 % of the time, since a job is four round trips one after the ' +
    'other (fetch, claim, the record of the call, finish), each behind an fsync that fifty jobs share. Handing over more jobs ' +
    'than can run would hide one of them, and let jobs leave the fair order.',
  'worker-sdk': 'The worker’s own part, some 0.2 ms, is more than a third of both: see the row of short jobs.',
  'first-token':
    'Six steps come one after the other, each a round trip with an fsync, 1.2 ms in all: submit, hand-over to BullMQ, its fetch by a ' +
    'worker, claim, the record of the call, the first token. Beginning the call’s record with the claim would save one. With 50 at once ' +
    'all six share one worker, one API and one Redis on two cores.',
  tokens:
    'Where somebody watches, a turn of the clock of 5 ms carries five tokens of 20 streams: an fsync for them is 23 µs a token, and a ' +
    'journal in the script 12 µs, of which its commands take 2: the rest is Lua. The peer’s writes are one command a token. Longer turns would ' +
    'cost less, and delay tokens beyond the goal of the next row. Where nobody watches, a turn is a quarter of a second: Redis takes 15 µs ' +
    'a token, half of what the peer takes. The worker grows faster from one repetition to the next, as its code is compiled.',
  'token-latency': `Half a turn of the clock (5 ms), then the append. The slowest tokens wait for the disk. ${fsyncs}`,
  attach:
    'Four round trips one after the other: the owner, where the journal stands, its compressed log, the answer; then the log is ' +
    'inflated. The peer has the bytes in its memory.',
  'idle-readers':
    'Beside what Express keeps of a request, each reader has a subscription at Redis’ connection, a watch on its key and the ' +
    'reader itself. With one job for all readers it is 28 KB each.',
  'redis-per-job':
    'Two fifths are the kernel’s: an fsync for every turn that wrote, and sockets. The rest is 147 commands in about a dozen scripts: ' +
    'BullMQ’s three, six appends, submit, dispatch, claim, finish and the packing of the job. ' +
    fsyncs,
  memory:
    'A waiting job is a record, its request, its first event and an entry in four lists. An ended job is a record (552 bytes), its answer, and its request and log ' +
    'packed together, each with a name and an expiry, and an entry in two lists (290 bytes). What is beside the answer’s text in its JSON counts as well. ' +
    'Packing the answer too would come below the goal, and make every poll of an ended job inflate it.',
  list: 'Twenty records of 25 fields are read, decoded and written as JSON; a poll has one.',
  backlog: 'Rates swing with whatever else runs on the machine; CPU says what a backlog costs.',
  'hostile-tenant': 'Both tenants share two cores with the readers of 30 MB answers themselves.',
};
