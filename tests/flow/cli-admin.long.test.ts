/** What an admin does to the jobs of all tenants with the `holdfast` command, through the console. */
import type { AdminJob, BulkResult, JobDetails, JobPage } from '@holdfast/admin';
import { Holdfast } from '@holdfast/client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { HoldfastCommand } from '../stack/holdfast-command.ts';
import { adminKey, apiKey, chat, freePort, Stack } from '../stack/stack.ts';

let stack: Stack;
let holdfast: HoldfastCommand;
/** Of a tenant beside `default`. */
let acme: Holdfast;

beforeAll(async () => {
  const port = String(await freePort());
  stack = await Stack.start();
  await stack.start('console', { CONSOLE_PORT: port });
  holdfast = new HoldfastCommand({
    HOLDFAST_URL: stack.apiUrl,
    HOLDFAST_CONSOLE_URL: `http://127.0.0.1:${port}`,
    HOLDFAST_API_KEY: apiKey,
    HOLDFAST_ADMIN_KEY: adminKey,
  });
  await holdfast.run('tenants', 'set', 'acme', '--no-limits');
  const made = await holdfast.run('keys', 'create', 'acme', '--scope', 'submit', '--scope', 'read');
  acme = new Holdfast({ baseUrl: stack.apiUrl, apiKey: made.stdout.trim() });
});
afterAll(() => stack?.close());

async function ended(
  client: Holdfast,
  sim: string,
  metadata: Record<string, string>,
  idempotencyKey?: string,
): Promise<string> {
  const { job } = await client.submit({ ...chat(`cli-${metadata.batch}`, sim), metadata }, { idempotencyKey });
  await client.wait(job.id);
  return job.id;
}

/** Jobs that wait for longer than the test. */
async function waiting(count: number, batch: string): Promise<string[]> {
  const request = { ...chat(`cli-${batch}`, 'tokens=1'), metadata: { batch }, delay_ms: 3_600_000 };
  const submitted = await Promise.all(Array.from({ length: count }, () => acme.submit(request)));
  return submitted.map(({ job }) => job.id);
}

const statusOf = async (id: string) => (await acme.get(id)).status;
const idsOf = (jobs: readonly { id: string }[]) => jobs.map(({ id }) => id);

describe('holdfast jobs list and show', () => {
  it('find jobs of all tenants by what they are, and show what happened to one', async () => {
    const theirs = await ended(acme, 'status=400', { batch: 'found' }, 'their-key');
    const ours = await ended(stack.client, 'tokens=3', { batch: 'found' });
    const batch = ['--metadata', 'batch=found'];
    const found = async (...filters: string[]) =>
      idsOf((await holdfast.json<JobPage>('jobs', 'list', ...batch, ...filters)).data);
    expect(await found()).toEqual([ours, theirs]);
    expect(await found('--tenant', 'acme', '--status', 'failed', '--error-code', 'provider_bad_request')).toEqual([
      theirs,
    ]);
    expect(await found('--task', 'chat.completions', '--lane', 'default', '--since', '1h')).toEqual([ours, theirs]);
    expect(await found('--until', '1h')).toEqual([]);
    expect(await found('--tenant', 'acme', '--key', 'their-key')).toEqual([theirs]);
    const first = await holdfast.run('jobs', 'list', ...batch, '--limit', '1');
    expect(first.stdout).toMatch(
      new RegExp(`^JOB +TENANT .*\n${ours} +default +chat.completions +default +completed `),
    );
    const [, cursor = ''] = /^More: --cursor (\S+)\n$/m.exec(first.stderr) ?? [];
    expect(await found('--limit', '1', '--cursor', cursor)).toEqual([theirs]);

    const shown = await holdfast.run('jobs', 'show', theirs);
    expect(shown.stdout).toMatch(/^tenant +acme\njob +job_/);
    expect(shown.stdout).toMatch(/\nerror +provider_bad_request: .*\nwhat to do +the provider refused the request: /);
    expect(shown.stdout).toMatch(
      /\n\nSTARTED .*\n20\S+Z +\d.*s +attempt 1 +failed +worker \S+; provider_bad_request\n/,
    );
    expect(shown.stdout).toMatch(/Z +\d.*s + {4}call +failed +main, sim; provider_bad_request/);
    expect(await holdfast.json<JobDetails>('jobs', 'show', ours)).toMatchObject({ id: ours, tenant: 'default' });
  });
});

describe('holdfast jobs cancel, retry and delete', () => {
  it('act on one job that is named at once', async () => {
    const [id = ''] = await waiting(1, 'one');
    expect(await holdfast.json<AdminJob>('jobs', 'cancel', id)).toMatchObject({ id, status: 'cancelled' });
    expect((await holdfast.run('jobs', 'retry', id)).stdout).toMatch(
      /^tenant +acme\n(.*\n)*status +(queued|running)\n/,
    );
    await holdfast.run('jobs', 'cancel', id);
    expect((await holdfast.run('jobs', 'delete', id)).stdout).toBe(`${id} is deleted.\n`);
    const gone = await holdfast.run('jobs', 'cancel', id);
    expect([gone.code, gone.stderr]).toEqual([1, expect.stringContaining('(job_not_found)')]);
  });

  it('count, ask, and act on all that a filter finds, on more of them than one request takes', async () => {
    const ids = await waiting(203, 'many');
    const cancel = ['jobs', 'cancel', '--tenant', 'acme', '--metadata', 'batch=many'];
    const listed = await holdfast.run('jobs', 'list', '--metadata', 'batch=many', '--all', '--json');
    const lines = listed.stdout.trimEnd().split('\n');
    expect(idsOf(lines.map((line) => JSON.parse(line) as AdminJob)).sort()).toEqual([...ids].sort());
    const table = (await holdfast.run('jobs', 'list', '--metadata', 'batch=many', '--all')).stdout;
    expect([table.trimEnd().split('\n').length, table.match(/^JOB /gm)?.length]).toEqual([204, 1]);

    expect((await holdfast.run(...cancel, '--dry-run')).stdout).toBe('203 jobs would be cancelled.\n');
    for (const answer of ['', 'no\n']) {
      const refused = await holdfast.start(cancel, {}, answer).ended;
      expect([refused.code, refused.stdout]).toEqual([1, '']);
      expect(refused.stderr).toMatch(
        /^203 jobs would be cancelled\.\n.*\nCancel 203 jobs\? \[y\/N\] \n?holdfast: Nothing/,
      );
    }
    expect(await statusOf(ids[0] ?? '')).toBe('queued');
    const done = await holdfast.start(cancel, {}, 'y\n').ended;
    expect([done.code, done.stdout]).toEqual([0, '203 jobs were cancelled.\n']);
    expect((await holdfast.json<BulkResult>(...cancel, '--yes')).skipped).toBe(203);
    expect(new Set(await Promise.all(ids.map(statusOf)))).toEqual(new Set(['cancelled']));

    // No id is so long: the second request is refused.
    const broken = await holdfast.run('jobs', 'delete', ...ids, 'x'.repeat(65), '--yes');
    expect([broken.code, broken.stdout]).toEqual([1, '']);
    expect(broken.stderr).toMatch(
      /^200 jobs were deleted\. Then a request failed, .*\nholdfast: .*\(validation_failed\)\n$/,
    );
  });

  it('say of jobs that are named which of them they do not fit, and which are not there', async () => {
    const failed = await ended(acme, 'status=400', { batch: 'named' });
    const completed = await ended(acme, 'tokens=1', { batch: 'named' });
    const missing = `job_${'a'.repeat(32)}`;
    const { code, stdout } = await holdfast.run('jobs', 'retry', failed, completed, missing, failed, '--dry-run');
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^1 job would be retried\. 1 job would be left alone: neither failed nor cancelled\.\n1 job could/,
    );
    expect(stdout).toMatch(new RegExp(`\n {2}${missing}: .* \\(job_not_found\\)\n$`));
    const deleted = await holdfast.json<BulkResult>('jobs', 'delete', failed, completed, '--yes');
    expect(deleted).toMatchObject({ dry_run: false, matched: 2, done: 2, failed: [], ids: [failed, completed] });
  });
});
