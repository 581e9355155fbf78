/**
 * Every Redis key of the journals. A job's keys share one hash tag, so that one script may touch them on a Cluster.
 *
 *   <p>:{<job>}:record        hash    the job's state and request            expires RETENTION after its end
 *   <p>:{<job>}:log           string  its events, as ready-made SSE bytes    the same
 *   <p>:{<job>}:index         zset    event number → byte offset, sparse     the same
 *   <p>:{<job>}:live          channel what is appended, as it is appended
 *   <p>:{answer:<d>}:leader   hash    the job that answers for all equal ones   RETENTION after it was last asked for
 *   <p>:control               channel ids of running jobs that are to be cancelled
 *   <p>:open                  zset    jobs that haven't ended, by time of acceptance (ms); the sweeper's list
 *   <p>:tenant:<tenant>:jobs  zset    a tenant's jobs, by time of acceptance (ms); expired ones are dropped by listing
 */
export interface JobKeys {
  record: string;
  log: string;
  index: string;
  /** Used inside one script only, to trim the log. */
  trimmed: string;
  live: string;
}

export function jobKeys(prefix: string, jobId: string): JobKeys {
  const base = `${prefix}:{${jobId}}`;
  return {
    record: `${base}:record`,
    log: `${base}:log`,
    index: `${base}:index`,
    trimmed: `${base}:trimmed`,
    live: `${base}:live`,
  };
}

/** @param digest of what is asked for, tenant included */
export const leaderKey = (prefix: string, digest: string) => `${prefix}:{answer:${digest}}:leader`;
export const controlChannel = (prefix: string) => `${prefix}:control`;
export const openJobsKey = (prefix: string) => `${prefix}:open`;
export const tenantJobsKey = (prefix: string, tenant: string) => `${prefix}:tenant:${tenant}:jobs`;
