/**
 * The only home of a cell's key names, in TypeScript and (`keyNames`) in Lua. Every key of a cell begins with
 * `C` = `{<prefix>:<cell>}:`, so all of them share one hash tag and one script may touch them on a Redis Cluster. Each
 * kind has a word of its own in front: a lane may be called `job`. Client text is never part of a name.
 *
 *   C:job:<id>                    hash    control record; values of at most 64 bytes     expires RETENTION after the end
 *   C:job:<id>:request            string  the body as it was sent, until it is packed    the same
 *   C:job:<id>:details            hash    metadata, error, usage as clients see them     the same
 *   C:job:<id>:output  …:text     string  the answer; the text of a job without one      the same
 *   C:job:<id>:calls              hash    provider calls of this run, open or answered   the same; dropped by a retry
 *   C:job:<id>:steps              hash    completed steps of a task; a retry keeps them  the same
 *   C:job:<id>:log                string  its events as SSE bytes, until it is packed    the same
 *   C:job:<id>:index              zset    event number → byte offset, sparse             the same
 *   C:job:<id>:packed             string  its request and log, packed some time later    the same
 *   C:job:<id>:live               channel what is appended, as it is appended
 *   C:tenant:<t>                  hash    reserved; spent in the newest day and month    none
 *   C:tenant:<t>:minute           hash    slot of 100 ms → submits admitted              61 s
 *   C:tenant:<t>:day:<date>       hash    what was spent that day                        400 days
 *   C:tenant:<t>:jobs             zset    its jobs by time of creation (ms)              entries go when their jobs expire
 *   C:open                        zset    jobs that have not ended, by time of creation  –
 *   C:expiring                    zset    `<id> <tenant>` of ended jobs, by when they expire (ms)
 *   C:leader:<digest>             string  the job that answers for all equal ones        RETENTION after it was last asked for
 *   C:leftover                    zset    responses to be ended at a provider after their job, by when to try (ms)
 *   C:value:<name>[:<n>]          string  a large value on its way                       60 s, or until a script takes it
 *   C:packing                     zset    ended jobs that are to be packed, or were and have parts to drop, by when (ms)
 *   C:releases                    string  counter of releases: no two jobs of a cell ever have one in common
 *   C:control                     channel ids of running jobs that are to be cancelled
 *   C:lock:<task>                 string  held by the process that does a maintenance task
 *
 * Long strings (request, output, text, log, packed) lie in segments of 1 MB: the name itself, then `:1`, `:2` …
 *
 * The scheduler's keys and BullMQ's may be lost together: they are rebuilt from records and `open`.
 *
 *   C:sched:lanes                 hash    lane → jobs placed in it: waiting, delayed or with a permit
 *   C:sched:waiting …:running     hash    tenant → jobs that wait; jobs that hold a permit, over all lanes
 *   C:sched:limits                hash    tenant → jobs at once, weight
 *   C:sched:lane:<lane>           hash    limits, buckets, capacity, counter of arrivals, whose turn it is
 *   C:sched:workers:<lane>        hash    worker → jobs at once it takes, when it was last heard of
 *   C:sched:backlog:<lane>:<t>    zset    job ids that wait, by class and arrival
 *   C:sched:due:<lane>            zset    job ids that are delayed, by when they are due (ms)
 *   C:sched:deadlines:<lane>      zset    job ids that wait or are delayed, by their deadlines (ms)
 *   C:sched:permits:<lane>        zset    `<id>.<release>` handed to BullMQ, by when to check them (ms)
 *   C:sched:new:<lane> …:old      list    tenants that could run, before and after their first turn
 *   C:sched:credit:<lane>         hash    tenant on a ring → what is left of its turn
 *   C:sched:blocked:<t>           set     lanes in which the tenant waits for one of its own permits
 *   C:bull:<lane>:…               BullMQ's own keys, of one queue per lane
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

/** What keys outside of cells begin with: those of tenants, API keys, plans, workers and the console. */
export const globalBase = (prefix: string) => `${prefix}:`;

export class CellKeys {
  /** What every key of the cell begins with. */
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

  get packing(): string {
    return `${this.base}packing`;
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

  /** @param of a lane or a tenant, for keys that belong to one */
  sched(what: string, of?: string): string {
    return of === undefined ? `${this.base}sched:${what}` : `${this.base}sched:${what}:${of}`;
  }

  /** BullMQ's prefix: it adds `:<lane>:…`. */
  get bull(): string {
    return `${this.base}bull`;
  }
}
