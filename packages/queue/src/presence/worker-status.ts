/** What a worker process says of itself every two seconds: for people, and for the console. Times are in ms, by Redis' clock. */

export interface LaneLoad {
  lane: string;
  /** Jobs that it runs. */
  running: number;
  /** Jobs that it takes at once. */
  capacity: number;
}

/** The breaker that a worker has for a provider of a lane. */
export interface BreakerStatus {
  lane: string;
  provider: string;
  state: 'closed' | 'half_open' | 'open';
  /** Of its last results. */
  failures: number;
  /** Of the newest failure; null: none. */
  errorCode: string | null;
  /** null: it is closed. */
  openedAtMs: number | null;
  /** When it lets a call through; null: it does. */
  retryAtMs: number | null;
}

export interface WorkerStatus {
  host: string;
  pid: number;
  version: string;
  startedAtMs: number;
  /** It stops: it takes no more jobs. */
  draining: boolean;
  lanes: LaneLoad[];
  breakers: BreakerStatus[];
  /** Jobs that have ended here since its start. */
  jobsEnded: number;
  /** Resident. */
  memoryBytes: number;
  /** By how much its event loop was late since the last report, in ms, 99th percentile; null: not measured. */
  loopDelayMs: number | null;
}

/** null: it is of another version. */
export function readStatus(json: string | null): WorkerStatus | null {
  if (json === null) return null;
  try {
    const status = JSON.parse(json) as Partial<WorkerStatus> | null;
    return status && Array.isArray(status.lanes) && Array.isArray(status.breakers) ? (status as WorkerStatus) : null;
  } catch {
    return null;
  }
}
