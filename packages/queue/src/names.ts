/**
 * Every Redis key of the queue. All but one bear one hash tag, so that one script may touch them on a Cluster. No lane's
 * name is empty: what begins with `::` is the feed's, the rest BullMQ's.
 *
 *   {<p>-queue}:<lane>:…                    BullMQ's own keys, of one queue per lane
 *   {<p>-queue}::lane:<lane>                hash    limits, buckets, capacity, counter of arrivals, whose turn it is
 *   {<p>-queue}::workers:<lane>             hash    worker → jobs at once it takes, when it was last heard of
 *   {<p>-queue}::jobs:<lane>                hash    release → tenant, tokens, priority, …; the index of what the feed knows
 *   {<p>-queue}::backlog:<lane>:<tenant>    zset    releases that wait, by class and arrival
 *   {<p>-queue}::due:<lane>                 zset    releases that are delayed, by when they are due (ms)
 *   {<p>-queue}::deadlines:<lane>           zset    releases not yet handed to BullMQ, by their deadlines (ms)
 *   {<p>-queue}::slots:<lane>               zset    releases handed to BullMQ, by when to look after them (ms)
 *   {<p>-queue}::new:<lane>  ::old:<lane>   list    tenants that could run, before and after their first turn
 *   {<p>-queue}::credit:<lane>              hash    tenant on a ring → what is left of its turn
 *   {<p>-queue}::held:<tenant>              set     lanes in which the tenant waits for one of its own slots
 *   {<p>-queue}::reserved:<tenant>          zset    jobs about to be enqueued, by when that lapses (ms); expires with them
 *   {<p>-queue}::tenants                    hash    tenant → jobs at once, weight
 *   {<p>-queue}::running                    hash    tenant → slots it has, over all lanes
 *   {<p>-queue}::waiting                    hash    tenant → releases in backlog and delayed, over all lanes
 *   {<p>-queue}::reconciling                string  the lock of the process that looks after slots; 1 s
 *   <p>:workers                             zset    worker processes, each with its config's digest, by when they were last seen (ms)
 *
 * They live as long as there are jobs; nothing in them is needed to find a job again. Times are Redis' own.
 */
export const queuePrefix = (prefix: string) => `{${prefix}-queue}`;
export const workersKey = (prefix: string) => `${prefix}:workers`;

/** What the feed's keys begin with. */
export const feedBase = (prefix: string) => `${queuePrefix(prefix)}::`;

/** A BullMQ job is one release of a job, and so is what waits in the feed. */
export interface ReleaseName {
  jobId: string;
  release: number;
}

/**
 * With a fixed id, a release made while an old entry lingers would be swallowed; with an id per release, the same release
 * handed over twice is one, and a new one is new.
 */
export function queueJobId({ jobId, release }: ReleaseName): string {
  return `${jobId}.${release}`;
}

/** The release that `queueJobId` named. */
export function releaseOf(id: string): ReleaseName {
  const dot = id.lastIndexOf('.');
  return { jobId: id.slice(0, dot), release: Number(id.slice(dot + 1)) };
}
