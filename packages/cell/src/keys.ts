/**
 * The only home of a cell's key names, in TypeScript and (`keyNames`) in Lua. Every key of a cell begins with
 * `C` = `{<prefix>:<cell>}:`, so all of them share one hash tag, and one script may touch them on a Redis Cluster. Every kind
 * of key begins with another word, since a lane may be called `job`. Client text is never part of a name.
 *
 *   C:job:<id>                    hash    control record; values of at most 64 bytes     expires RETENTION after the end
 *   C:job:<id>:request            string  the body as it was sent, until it is packed    the same
 *   C:job:<id>:details            hash    metadata, error, usage: what clients see       the same
 *   C:job:<id>:output  …:text     string  the answer; the text of a job without one      the same
 *   C:job:<id>:calls              hash    provider calls, open or answered; the timeline the same; a retry keeps the timeline
 *   C:job:<id>:steps              hash    completed steps of a task, and their times     the same
 *   C:job:<id>:log                string  its events as SSE bytes, until it is packed    the same
 *   C:job:<id>:index              zset    event number → byte offset, sparse             the same
 *   C:job:<id>:packed             string  its request and log, packed after its end      the same
 *   C:job:<id>:live               channel what is appended, as it is appended
 *   C:tenant:<t>                  hash    reserved; spent in the newest day and month    none
 *   C:tenant:<t>:minute           hash    slot of 100 ms → requests admitted             61 s
 *   C:tenant:<t>:day:<date>       hash    what was spent that day                        400 days
 *   C:tenant:<t>:jobs             zset    its jobs by time of creation (ms)              entries go when their jobs expire
 *   C:open                        zset    jobs that have not ended, by time of creation  –
 *   C:jobs                        zset    all jobs by time of creation (ms)              entries go when their jobs expire
 *   C:failed                      zset    failed jobs by time of their end (ms)          the same; also with a retry
 *   C:expiring                    zset    `<id> <tenant>` of ended jobs, by when they expire (ms)
 *   C:leader:<digest>             string  the job that answers for all equal ones        RETENTION after its last use
 *   C:leftover                    zset    responses to cancel at their provider because their job has ended, by next try (ms)
 *   C:value:<name>[:<n>]          string  a large value on its way                       60 s, or until a script takes it
 *   C:packing                     zset    ended jobs to pack, or packed ones with parts to delete, by when (ms)
 *   C:archiving                   zset    the outbox: `<id>` of ended and `-<id>` of deleted jobs, by when they were added (ms)
 *   C:archiving:wanted            string  there is an archive: the outbox gets entries     7 days, renewed by the archiver
 *   C:releases                    string  counter of releases, of all jobs of the cell
 *   C:control                     channel ids of running jobs to cancel
 *   C:lock:<task>                 string  held by the process that does a maintenance task
 *
 * Long strings (request, output, text, log, packed) lie in segments of 1 MB: the name itself, then `:1`, `:2` …
 *
 * All keys of the scheduler and of BullMQ may be lost: they are rebuilt from the records and `open`.
 *
 *   C:sched:lanes                 hash    lane → jobs placed in it: waiting, delayed or with a permit
 *   C:sched:waiting …:running     hash    tenant → jobs that wait; jobs that hold a permit, over all lanes
 *   C:sched:limits                hash    tenant → jobs at once, weight
 *   C:sched:lane:<lane>           hash    limits, buckets, capacity, counter of arrivals, the ring whose turn it is
 *   C:sched:workers:<lane>        hash    worker → jobs it takes at once, time of its last message
 *   C:sched:backlog:<lane>:<t>    zset    ids of waiting jobs, by class and arrival
 *   C:sched:due:<lane>            zset    ids of delayed jobs, by when they are due (ms)
 *   C:sched:deadlines:<lane>      zset    ids of waiting and delayed jobs, by their deadlines (ms)
 *   C:sched:permits:<lane>        zset    `<id>.<release>` handed to BullMQ, by when to check them (ms)
 *   C:sched:new:<lane> …:old      list    tenants that could run, before and after their first turn
 *   C:sched:credit:<lane>         hash    tenant on a ring → the rest of its turn, in jobs
 *   C:sched:blocked:<t>           set     lanes in which the tenant waits for a permit of its own limit
 *   C:bull:<lane>:…               BullMQ's own keys: one queue per lane
 *
 * Times are Redis' own, in ms.
 */
export interface JobKeys {
  record: string;
  request: string;
  details: string;
  output: string;
  text: string;
  calls: string;
  steps: string;
  log: string;
  index: string;
  packed: string;
  live: string;
}

/** The beginning of keys outside of cells: tenants, API keys, plans, workers and the console. */
export const globalBase = (prefix: string) => `${prefix}:`;

export class CellKeys {
  /** The beginning of every key of the cell. */
  readonly base: string;

  constructor(prefix: string, cell: string) {
    this.base = `{${prefix}:${cell}}:`;
  }

  job(id: string): JobKeys {
    const record = `${this.base}job:${id}`;
    const part = (name: string) => `${record}:${name}`;
    return {
      record,
      request: part('request'),
      details: part('details'),
      output: part('output'),
      text: part('text'),
      calls: part('calls'),
      steps: part('steps'),
      log: part('log'),
      index: part('index'),
      packed: part('packed'),
      live: part('live'),
    };
  }

  get open(): string {
    return `${this.base}open`;
  }

  get jobs(): string {
    return `${this.base}jobs`;
  }

  get failed(): string {
    return `${this.base}failed`;
  }

  get packing(): string {
    return `${this.base}packing`;
  }

  get archiving(): string {
    return `${this.base}archiving`;
  }

  get archivingWanted(): string {
    return `${this.archiving}:wanted`;
  }

  get leftover(): string {
    return `${this.base}leftover`;
  }

  get control(): string {
    return `${this.base}control`;
  }

  lock(task: string): string {
    return `${this.base}lock:${task}`;
  }

  tenant(tenant: string): string {
    return `${this.base}tenant:${tenant}`;
  }

  minute(tenant: string): string {
    return `${this.tenant(tenant)}:minute`;
  }

  day(tenant: string, date: string): string {
    return `${this.tenant(tenant)}:day:${date}`;
  }

  tenantJobs(tenant: string): string {
    return `${this.tenant(tenant)}:jobs`;
  }

  /** @param of the lane or the tenant that the key belongs to, if any */
  sched(what: string, of?: string): string {
    return of === undefined ? `${this.base}sched:${what}` : `${this.base}sched:${what}:${of}`;
  }

  /** BullMQ's prefix: it adds `:<lane>:…`. */
  get bull(): string {
    return `${this.base}bull`;
  }
}
