/**
 * The schema, as steps that are only ever added. A step that a release has shipped with is never changed.
 *
 * `holdfast_jobs` has a row for each ended job: its newest run. Times are Redis' own, in whole milliseconds. Money is in US dollars
 * with nine digits, which is exact. `request` and `output` are JSON as text: `jsonb` refuses some of it, such as "\u0000".
 */
export interface Migration {
  version: number;
  name: string;
  sql: string;
}

const jobs = `
CREATE TABLE holdfast_jobs (
  prefix text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  tenant text COLLATE "C" NOT NULL,
  task text COLLATE "C" NOT NULL,
  lane text COLLATE "C" NOT NULL,
  status text COLLATE "C" NOT NULL,
  error_code text COLLATE "C",
  error jsonb,
  priority integer NOT NULL,
  created_at timestamptz(3) NOT NULL,
  due_at timestamptz(3),
  deadline_at timestamptz(3),
  started_at timestamptz(3),
  finished_at timestamptz(3) NOT NULL,
  cancel_requested_at timestamptz(3),
  attempts integer NOT NULL,
  provider_calls integer NOT NULL,
  ambiguous_calls integer NOT NULL,
  input_tokens bigint,
  output_tokens bigint,
  cost numeric(30, 9),
  avoided numeric(30, 9) NOT NULL,
  estimated boolean NOT NULL,
  cached boolean NOT NULL,
  metadata jsonb NOT NULL,
  cursor bigint NOT NULL,
  trace jsonb,
  timeline jsonb,
  request text,
  output text,
  PRIMARY KEY (prefix, id)
);
CREATE INDEX holdfast_jobs_newest ON holdfast_jobs (prefix, created_at, id);
CREATE INDEX holdfast_jobs_tenant ON holdfast_jobs (prefix, tenant, created_at, id);
CREATE INDEX holdfast_jobs_task ON holdfast_jobs (prefix, task, created_at, id);
CREATE INDEX holdfast_jobs_lane ON holdfast_jobs (prefix, lane, created_at, id);
CREATE INDEX holdfast_jobs_status ON holdfast_jobs (prefix, status, created_at, id);
CREATE INDEX holdfast_jobs_error ON holdfast_jobs (prefix, error_code, created_at, id) WHERE error_code IS NOT NULL;
CREATE INDEX holdfast_jobs_finished ON holdfast_jobs (prefix, finished_at);
CREATE INDEX holdfast_jobs_failed ON holdfast_jobs (prefix, finished_at) WHERE error_code IS NOT NULL;
CREATE INDEX holdfast_jobs_metadata ON holdfast_jobs USING gin (metadata jsonb_path_ops);
`;

export const migrations: readonly Migration[] = [{ version: 1, name: 'jobs', sql: jobs }];
