/** The end of a job as statistics know it. Whoever's script ended the job reports it once. */
export interface EndedJob {
  tenant: string;
  /** Of the job's model, also where it waited as a follower. */
  lane: string;
  task: string;
  outcome: 'completed' | 'failed' | 'cancelled';
  /** Of its error; null: it has none. */
  code: string | null;
  /** The provider that the error is about; null: none. */
  provider: string | null;
  /** From its creation to its end, in seconds. For a job that was retried the first creation counts. */
  seconds: number;
}
