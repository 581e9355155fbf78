/** What people do in the console's web app, in a real browser, and what comes of it at the API, in the queue and in the audit log. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { chat, until } from '../stack/stack.ts';
import { faultsOf, loaded, openPage } from './check-page.ts';
import { addTenant, HELD, heldJob, makeScene, prompts, type Scene } from './console-scene.ts';
import { button, ConsoleStack, logIn, section } from './console-stack.ts';

let app: ConsoleStack;
let scene: Scene;
beforeAll(async () => {
  app = await ConsoleStack.start();
  scene = await makeScene(app);
});
afterEach(() => app.closePages());
afterAll(() => app?.close());

const jobPath = (name: keyof Scene['jobs']) => `/jobs/${scene.jobs[name]}`;
const dialog = (page: Page) => page.getByRole('dialog');
const focusedLabel = (page: Page) =>
  page.evaluate('document.activeElement.ariaLabel ?? document.activeElement.textContent') as Promise<string>;

/** A job that an operator can act on, of a tenant that has none else. */
async function submitFor(tenant: string, sim: string, name = tenant) {
  const client = await addTenant(app, tenant);
  const { job } = await client.submit(chat(name, sim));
  return { client, id: job.id };
}

describe('a job', () => {
  it('shows its events while it streams, and that it is complete', async () => {
    const page = await app.visit(jobPath('running'), 'operator');
    await button(page, 'Attach to the events').click();
    const events = section(page, 'Events');
    await events.getByText('live', { exact: true }).waitFor();
    await events.getByRole('cell', { name: 'attempt.started' }).waitFor();
    const text = events.locator('.live-text');
    const early = await text.textContent();
    await app.stack.goOn(HELD);
    await events.getByText('complete', { exact: true }).waitFor();
    await events.getByRole('cell', { name: 'job.completed' }).waitFor();
    const { output_text } = await scene.acme.get(scene.jobs.running);
    expect(output_text?.startsWith(early ?? '?')).toBe(true);
    expect(await text.textContent()).toBe(output_text);
    await page.locator('.page-head').getByText('completed', { exact: true }).waitFor();
  });

  it('is cancelled while it runs, and retried', async () => {
    const { job } = await scene.acme.submit(heldJob('to cancel'));
    const page = await app.visit(`/jobs/${job.id}`, 'operator');
    await page.locator('.page-head').getByText('running', { exact: true }).waitFor();
    await button(page, 'Cancel').click();
    expect(await faultsOf(page)).toEqual([]);
    await button(page, 'Cancel the job').click();
    expect(await scene.acme.wait(job.id)).toMatchObject({ status: 'cancelled' });
    await until('the call is aborted', async () => (await app.stack.providerCalls('to cancel')).aborted === 1);
    await button(page, 'Retry').click();
    await dialog(page).getByRole('button', { name: 'Retry' }).click();
    await page.getByText('The job runs again.').waitFor();
    await app.stack.goOn('to cancel');
    expect(await scene.acme.wait(job.id)).toMatchObject({ status: 'completed', attempt: 2 });
    await page.locator('.page-head').getByText('completed', { exact: true }).waitFor();
  });

  it('is retried with edits, which must be JSON; the copy shows what the edits changed', async () => {
    const page = await app.visit(jobPath('completed'), 'operator');
    await button(page, 'Retry with edits').click();
    const editor = page.getByLabel('Input, as JSON');
    const input = await editor.inputValue();
    await editor.fill(input.slice(0, -1));
    await page.getByText('This is not JSON').waitFor();
    expect(await button(page, /^Submit/).isDisabled()).toBe(true);
    expect(await faultsOf(page)).toEqual([]);
    await editor.fill(input.replace(prompts.asked, 'nineteen-red-lanterns'));
    await button(page, 'Submit the changed copy').click();
    await page.getByRole('link', { name: scene.jobs.completed, exact: true }).waitFor();
    const copy = page.url().split('/').at(-1) ?? '';
    await app.stack.client.wait(copy);
    await page.locator('.page-head').getByText('completed', { exact: true }).waitFor();
    await button(page, /^Show prompt and answer/).click();
    await page.locator('.diff ins').first().waitFor();
    expect(await page.locator('.diff del').count()).toBeGreaterThan(0);
    await page.getByText('nineteen-red-lanterns').waitFor();
  });

  it('is deleted for good after a question', async () => {
    const { client, id } = await submitFor('deletes', 'tokens=3');
    await client.wait(id);
    const page = await app.visit(`/jobs/${id}`, 'operator');
    await button(page, 'Delete').click();
    await button(page, 'Delete for good').click();
    await page.waitForURL(`${app.url}/jobs`);
    await expect(client.get(id)).rejects.toMatchObject({ status: 404 });
    await openPage(page, `${app.url}/jobs/${id}`);
    await page.getByRole('heading', { name: 'There is no such job' }).waitFor();
  });
});

describe('many jobs', () => {
  it('are first counted, then acted on', async () => {
    const { client, id } = await submitFor('many', 'status=400');
    const others = await Promise.all([1, 2].map(() => client.submit(chat('many', 'status=400'))));
    const ids = [id, ...others.map(({ job }) => job.id)];
    await Promise.all(ids.map((one) => client.wait(one)));
    const page = await app.visit('/jobs?tenant=many', 'operator');
    await page.getByLabel('Select all on this page').check();
    const bar = page.getByRole('region', { name: 'Selected jobs' });
    await bar.getByRole('button', { name: 'Cancel' }).click();
    await page.getByText('No job would be cancelled. 3 jobs would stay as they are').waitFor();
    expect(await faultsOf(page)).toEqual([]);
    expect(await dialog(page).getByRole('button', { name: 'Cancel' }).last().isDisabled()).toBe(true);
    await page.keyboard.press('Escape');
    await page.getByLabel('Select all on this page').check();
    await bar.getByRole('button', { name: 'All that match the filter' }).click();
    await bar.getByRole('button', { name: 'Retry' }).click();
    await button(page, 'Retry 3 jobs').click();
    await page.getByText('3 jobs were retried.').waitFor();
    for (const one of ids) expect((await client.wait(one)).attempt).toBe(2);
  });

  it('are kept in views under a name', async () => {
    const page = await app.visit('/jobs?tenant=acme', 'viewer');
    await button(page, 'Save this view').click();
    await page.getByLabel('Name').fill('Only acme');
    await button(page, 'Save').click();
    await openPage(page, `${app.url}/jobs`);
    await page.getByRole('link', { name: 'Only acme' }).click();
    await page.waitForURL(`${app.url}/jobs?tenant=acme`);
    await loaded(page);
    expect(new Set(await page.locator('tbody td:nth-child(3)').allTextContents())).toEqual(new Set(['acme']));
    expect(await page.getByLabel('Tenant').inputValue()).toBe('acme');
  });

  it('that failed are found by what they have in common, with what to do', async () => {
    const page = await app.visit('/failures?range=7d', 'viewer');
    await page.getByText('What to do').first().waitFor();
    await page.getByRole('link', { name: 'All failed jobs with this code in default' }).click();
    await page.getByRole('heading', { name: 'Jobs', exact: true }).waitFor();
    const search = Object.fromEntries(new URL(page.url()).searchParams);
    expect(search).toEqual({ status: 'failed', error_code: 'provider_bad_request', lane: 'default', within: '7d' });
    await page
      .getByRole('link', { name: scene.jobs.failed.slice(0, 10) })
      .first()
      .waitFor();
  });
});

describe('API keys', () => {
  const works = async (key: string) => {
    const answer = await fetch(`${app.stack.apiUrl}/v1/jobs`, { headers: { authorization: `Bearer ${key}` } });
    return answer.status;
  };
  /** The key that a dialog shows once. */
  async function takeKey(page: Page): Promise<string> {
    const key = (await page.getByLabel('The key', { exact: true }).textContent()) ?? '';
    expect(await faultsOf(page)).toEqual([]);
    await button(page, 'Done').click();
    expect(await page.content()).not.toContain(key);
    return key;
  }

  it('are made, rotated and revoked, and work at the API accordingly', async () => {
    await addTenant(app, 'keys');
    const page = await app.visit('/tenants/keys', 'admin');
    await button(page, 'New key').click();
    await page.getByText('Some tasks only').click();
    expect(await button(page, 'Make the key').isDisabled()).toBe(true);
    await page.getByLabel('summarize').check();
    await button(page, 'Make the key').click();
    const first = await takeKey(page);
    expect(await works(first)).toBe(200);
    const row = section(page, 'API keys').getByRole('row', { name: 'summarize' });
    const id = (await row.locator('code').first().textContent()) ?? '';
    await button(page, `Rotate ${id}`).click();
    await page.keyboard.press('Escape');
    expect(await focusedLabel(page)).toBe(`Rotate ${id}`);
    await button(page, `Rotate ${id}`).click();
    await page.getByLabel('The old key ends').selectOption('in a day');
    await button(page, 'Make the new key').click();
    await page.getByText(`The old key, ${id}, ends in a day.`).waitFor();
    const second = await takeKey(page);
    expect([await works(first), await works(second)]).toEqual([200, 200]);
    await button(page, `Revoke ${id}`).click();
    expect(await focusedLabel(page)).toBe('Cancel');
    await button(page, 'Revoke the key').click();
    await page.getByText(`Key ${id} is revoked.`).waitFor();
    await until('the API refuses it', async () => (await works(first)) === 401);
    expect(await works(second)).toBe(200);
    await button(page, `Revoke ${id}`).waitFor({ state: 'detached' });
  });

  it('of the bootstrap can be rotated without a grace only', async () => {
    const page = await app.visit('/tenants/default', 'admin');
    await section(page, 'API keys')
      .getByRole('row', { name: 'bootstrap' })
      .getByRole('button', { name: /^Rotate/ })
      .click();
    await page.getByText('This is the bootstrap key.').waitFor();
    expect(await page.getByLabel('The old key ends').count()).toBe(0);
  });
});

describe('tenants', () => {
  it('are made with limits of their own, which the contract checks, and are found', async () => {
    const page = await app.visit('/tenants', 'admin');
    await button(page, 'New tenant').click();
    const id = page.getByRole('textbox', { name: 'Id' });
    await id.fill('acme');
    await page.getByText('There is a tenant of this id.').waitFor();
    expect(await button(page, 'Make the tenant').isDisabled()).toBe(true);
    await id.fill('newcomer');
    await page.getByText('Its own limits').click();
    await page.getByLabel('Running jobs').fill('many');
    await page.getByLabel('Weight').fill('5000');
    await button(page, 'Make the tenant').click();
    await page.getByText('Write a number, or leave it empty.').waitFor();
    await page.getByText('At most 1,000.').waitFor();
    expect(await faultsOf(page)).toEqual([]);
    await page.getByLabel('Running jobs').fill('7');
    await page.getByLabel('Weight').fill('2');
    await page.keyboard.press('Enter');
    await page.waitForURL(`${app.url}/tenants/newcomer`);
    await loaded(page);
    expect(await section(page, 'Limits and budgets').textContent()).toMatch(/Running jobs7.*Weight2/);
    expect(await app.admin.call('tenant', { params: { tenant: 'newcomer' } })).toMatchObject({
      limits: { max_running: 7, weight: 2 },
    });
    await openPage(page, `${app.url}/tenants?q=newcomer`);
    expect(await page.locator('tbody tr').count()).toBe(1);
    await page.getByLabel('Search by id or plan').fill('nobody');
    await page.getByText('No tenant matches “nobody”.').waitFor();
    await page.waitForURL(`${app.url}/tenants?q=nobody`);
  });

  it('show what they used, as a plot and as a table', async () => {
    const page = await app.visit('/tenants/acme?days=7', 'viewer');
    await page.getByText('Tokens', { exact: true }).click();
    await page.getByText('As a table').click();
    await page.getByRole('columnheader', { name: 'Output' }).waitFor();
    expect(await section(page, 'Usage by day').locator('tbody tr').count()).toBe(7);
  });
});

describe('lanes', () => {
  it('are paused, so that jobs wait, and resumed, by operators', async () => {
    const client = await addTenant(app, 'waits');
    const page = await app.visit('/lanes', 'operator');
    await button(page, 'Pause default').click();
    await page.getByText('No job of this lane begins until somebody resumes it.').waitFor();
    await button(page, 'Pause the lane').click();
    await section(page, 'default').getByText('paused', { exact: true }).waitFor();
    const { job } = await client.submit(chat('waits', 'tokens=3'));
    await section(page, 'default')
      .getByText(/Waiting\s*1/)
      .waitFor();
    expect((await client.get(job.id)).status).toBe('queued');
    await button(page, 'Resume default').click();
    await button(page, 'Resume the lane').click();
    expect((await client.wait(job.id)).status).toBe('completed');
    await section(page, 'default').getByText('open', { exact: true }).waitFor();
  });

  it('get other limits from admins, and those of the config file back', async () => {
    const page = await app.visit('/lanes', 'admin');
    await button(page, 'Change the limits of openai').click();
    await page.getByLabel('Calls a minute').fill('0');
    await button(page, 'Save').click();
    await page.getByText('At least 1.').waitFor();
    await page.getByLabel('Calls a minute').fill('90');
    await button(page, 'Save').click();
    await section(page, 'openai').getByText('(config: 500)').waitFor();
    await button(page, 'Change the limits of openai').click();
    await button(page, 'Take those of the config file again').click();
    await section(page, 'openai').getByText('from the config file').waitFor();
  });
});

describe('users', () => {
  it('are made with a key that logs them in, get another role at once, and are deleted with their sessions', async () => {
    const page = await app.visit('/users', 'admin');
    await button(page, 'New user').click();
    await page.getByLabel('Name').fill('Grace');
    await page.getByLabel('Role', { exact: true }).selectOption('operator');
    await button(page, 'Make the user').click();
    await page.getByText('It can’t be shown again.').waitFor();
    const key = (await page.getByLabel('The key', { exact: true }).textContent()) ?? '';
    await button(page, 'Done').click();
    const graces = await app.newPage(null);
    await graces.goto(`${app.url}${jobPath('failed')}`);
    await logIn(graces, key);
    await button(graces, 'Retry').waitFor();
    await button(page, 'Change the role of grace').click();
    await page.getByLabel('Role', { exact: true }).selectOption('viewer');
    await button(page, 'Change the role').click();
    await page.getByText('grace has the role viewer now.').waitFor();
    await graces.reload();
    await graces.getByText("aren't offered for the role viewer").waitFor();
    expect(await button(graces, 'Retry').count()).toBe(0);
    await graces.getByRole('link', { name: 'Lanes' }).click();
    await button(page, 'Delete grace').click();
    await button(page, 'Delete the user').click();
    await page.getByText('User grace is deleted.').waitFor();
    // At the next reading of the open page.
    await graces.getByRole('heading', { name: 'Log in to the console' }).waitFor();
  });
});

describe('the audit log', () => {
  it('has who has done what; its filter and its page are in the address, and go back', async () => {
    for (let act = 0; act < 51; act++)
      await app.admin.call('changeLane', { params: { lane: 'openai' }, body: { paused: false } });
    const page = await app.visit('/audit?user=the-operator', 'admin');
    const acts = await page.locator('tbody tr td:nth-child(2)').allTextContents();
    expect(new Set(acts)).toEqual(
      new Set([
        'Logged in',
        'Read prompt and answer',
        'Cancelled a job',
        'Retried a job',
        'Ran a changed copy',
        'Deleted a job',
        'Changed many jobs',
        'Changed a lane',
      ]),
    );
    await openPage(page, `${app.url}/audit`);
    await page.getByRole('link', { name: 'Older' }).click();
    await page.getByRole('link', { name: 'Newest' }).waitFor();
    expect(new URL(page.url()).searchParams.get('cursor')).not.toBeNull();
    await page.getByLabel('What', { exact: true }).selectOption('user.create');
    await page.waitForURL(`${app.url}/audit?action=user.create`);
    await loaded(page);
    expect(await page.locator('tbody tr').count()).toBe(4);
    await page.getByRole('link', { name: 'grace' }).waitFor();
    expect(await faultsOf(page)).toEqual([]);
    await page.goBack();
    await page.getByRole('link', { name: 'Newest' }).waitFor();
    expect(await page.getByLabel('What', { exact: true }).inputValue()).toBe('');
  });
});

describe('workers and settings', () => {
  it('name a worker with another config, and the variables that are set', async () => {
    const other = await app.stack.start('worker', { HOLDFAST_CONFIG: '' });
    const page = await app.visit('/workers', 'viewer');
    await page.getByText('runs with another config file than this console.').waitFor();
    await other.end();
    await page.getByText('runs with another config file than this console.').waitFor({ state: 'detached' });
    await openPage(page, `${app.url}/settings`);
    await page.getByText('Those that are set').click();
    const names = await section(page, 'Environment').locator('tbody td:first-child').allTextContents();
    expect(names).toContain('HOLDFAST_ADMIN_KEY');
    expect(names).not.toContain('LOG_LEVEL');
  });
});
