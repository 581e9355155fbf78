/** What `npm start` prints once all services answer: the addresses, and two commands to try. */
import { randomBytes } from 'node:crypto';
import { relative } from 'node:path';
import { jobIdFor } from '@holdfast/core';

export interface BannerFacts {
  apiPort: number;
  consolePort: number;
  /** null: a real provider is configured. */
  simulatorPort: number | null;
  durability: 'fsync' | 'replica' | 'memory';
  /** null: it comes from the environment, and is not printed. */
  bootstrapKey: string | null;
  adminKeyFromEnv: boolean;
  keyFile: string;
}

const DURABILITY = {
  fsync: 'fsync: a job that was answered with 2xx is on disk',
  replica: 'replica: a job that was answered with 2xx is on disk, and a replica has it',
  memory: 'MEMORY: JOBS THAT WERE ANSWERED WITH 2xx CAN BE LOST WHEN REDIS OR THE MACHINE STOPS',
} as const;

/** The tenant that the API creates the bootstrap key for. */
const TENANT = 'default';

function commands({ apiPort, simulatorPort, bootstrapKey }: BannerFacts): string[] {
  const base = `http://127.0.0.1:${apiPort}`;
  const auth = `-H "Authorization: Bearer ${bootstrapKey ?? '$HOLDFAST_BOOTSTRAP_KEY'}"`;
  // The job's id follows from the key, so the second command is known before the first has run.
  const idempotencyKey = `hello-${randomBytes(3).toString('hex')}`;
  const body = JSON.stringify({
    task: 'chat.completions',
    input: {
      model: simulatorPort === null ? 'gpt-4.1-mini' : 'sim',
      messages: [{ role: 'user', content: 'Say hello.' }],
    },
  });
  return [
    'Submit a job (the same Idempotency-Key is the same job):',
    `  curl -s ${base}/v1/jobs ${auth} -H "Idempotency-Key: ${idempotencyKey}" \\`,
    `    -H "Content-Type: application/json" -d '${body}'`,
    'Attach to it, now or later, as often as you like:',
    `  curl -sN ${base}/v1/jobs/${jobIdFor(TENANT, idempotencyKey)}/events ${auth}`,
  ];
}

/** The lines of the banner. */
export function banner(facts: BannerFacts): string[] {
  const { apiPort, consolePort, simulatorPort, durability, bootstrapKey, adminKeyFromEnv, keyFile } = facts;
  const base = `http://127.0.0.1:${apiPort}`;
  const file = relative(process.cwd(), keyFile);
  const shownFile = file.startsWith('..') ? keyFile : file;
  const provider =
    simulatorPort === null
      ? 'as set in the environment'
      : `simulator, http://127.0.0.1:${simulatorPort}/v1 (no key is set)`;
  return [
    '',
    'Holdfast is running. Ctrl-C stops it; unfinished jobs go on at the next start.',
    '',
    `  API         ${base}   docs: ${base}/docs`,
    `  Demo        ${base}/demo${bootstrapKey === null ? '' : `#key=${bootstrapKey}`}`,
    `  Console     http://127.0.0.1:${consolePort}   key: ${adminKeyFromEnv ? 'HOLDFAST_ADMIN_KEY' : `admin_key in ${shownFile}`}`,
    `  Provider    ${provider}`,
    `  API key     ${bootstrapKey === null ? 'HOLDFAST_BOOTSTRAP_KEY' : `${bootstrapKey}   (stored in ${shownFile})`}`,
    `  Durability  ${DURABILITY[durability]}`,
    '',
    ...commands(facts),
    '',
  ];
}
