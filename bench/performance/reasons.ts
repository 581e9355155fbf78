/**
 * Why a goal is not met, by row. The page shows a row's reason while one of its goals is missed. A reason says what costs, and what would
 * change it; each item of a list is one thought.
 *
 * Where the figures come from: `--cpu-prof` of Node, `perf` and `INFO commandstats` of Redis, and scripts that were cut off after one
 * step and then after the next.
 */
const fsyncs =
  'With `appendfsync always`, Redis waits for its disk after each turn that wrote. That takes 0.4 ms here on average, and up to 8 ms, however ' +
  'little was written. So few large turns cost less than many small ones.';

export const reasons: Readonly<Record<string, readonly string[]>> = {
  submit: [
    'Node uses as much CPU as the peer. Writes to sockets take a fifth. Express’ router, zod, the digests and the parts of the answer take a tenth each.',
    'Redis runs one script of 17 commands in 40 µs; BullMQ’s `add` has 9 commands. To build the script’s functions takes 3 µs. The rest is ' +
      'admission, the tenant’s list, the fair order and the journal’s first event.',
    'Redis Functions would save the 3 µs. But then the deployed library and the code would have to be of the same version.',
  ],
  replay: [
    'A replay is a whole request: it is parsed, checked and digested like the first one, and runs one script.',
    'For Node it costs as much as a submit. Only Redis has less to do.',
  ],
  poll: ['Half of a poll is what every request costs: Express, one write to Redis and one to the client.'],
  jobs: [
    'Redis takes 0.3 ms a job. Alone, BullMQ’s two scripts take 93 µs, and ours 130 µs: finish 75, claim 27, append 22, dispatch 6.',
    'Beside the worker, on two cores, caches are cold, and each script takes half as long again.',
    'Of a finish, 4 µs build the script’s functions, 12 read the record, 12 settle the run, and 13 set what expires.',
    'The worker takes 0.2 to 0.3 ms. Garbage collection, the log line and BullMQ’s own part take a tenth each.',
    'The worker is idle for 60 % of the time. A job is four round trips in sequence: fetch, claim, the record of the call, finish. Each waits for an ' +
      'fsync that fifty jobs share.',
    'To hand over more jobs than can run would hide one round trip. But those jobs would leave the fair order.',
  ],
  'worker-sdk': [
    'The worker’s own part is about 0.2 ms, more than a third of the SDK call and the worker together: see the row of short jobs.',
  ],
  'first-token': [
    'Six steps follow one another: submit, hand-over to BullMQ, fetch by a worker, claim, the record of the call, the first token. Each is a round ' +
      'trip with an fsync. Together the round trips take 1.2 ms.',
    'One round trip could be saved: the claim could also write the call’s record.',
    'With 50 at once, all six steps share one worker, one API and one Redis on two cores.',
  ],
  tokens: [
    'With readers, the worker writes every 5 ms. Such a turn carries five tokens of 20 streams.',
    'For each token, the fsync takes 23 µs and the script 12 µs for a journal. Its commands take 2 of these; the rest is Lua.',
    'The peer writes one command for each token.',
    'Longer turns would cost less, but tokens would miss the goal of the next row.',
    'Without readers, a turn is a quarter of a second. Redis then takes 15 µs a token, half of what the peer takes.',
    'The worker gets faster from one repetition to the next, because its code is compiled.',
  ],
  'token-latency': [
    'A token waits for half a turn of 5 ms, and then for the append. The slowest tokens wait for the disk.',
    fsyncs,
  ],
  attach: [
    'Four round trips follow one another: the owner, the end of the journal, its compressed log, the answer. Then the log is inflated.',
    'The peer has the bytes in its memory.',
  ],
  'idle-readers': [
    'Express keeps a request, as with the peer. In addition, each reader has a subscription at Redis’ connection, a watch on its API key, and its own object.',
    'If all readers read one job, a reader takes 28 KB.',
  ],
  'redis-per-job': [
    'Two fifths are the kernel’s: sockets, and an fsync for every turn that wrote.',
    'The rest is 147 commands in about a dozen scripts: BullMQ’s three, six appends, submit, dispatch, claim, finish, and the packing of the job.',
    fsyncs,
  ],
  memory: [
    'A waiting job has a record, its request, its first event, and an entry in five lists.',
    'An ended job has a record of 744 bytes with its timeline, its answer, and its request and log, packed together. Each has a name and an ' +
      'expiry. Entries in three lists take 440 bytes; one of them is for the search over all tenants.',
    'The answer’s JSON beside its text counts as well.',
    'To pack the answer too would meet the goal. But every poll of an ended job would have to inflate it.',
  ],
  list: ['Twenty records of 25 fields are read, decoded and written as JSON. A poll has one.'],
  backlog: ['The rates vary with whatever else runs on the machine. The CPU figures say what a backlog costs.'],
  'hostile-tenant': ['Both tenants share two cores with the clients that read the answers of 30 MB.'],
};
