/** The demo page in a real browser, against real processes: whatever happens to the page, there is one job and one text. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, BrowserContext, Route } from 'playwright-core';
import { apiKey, Stack, until } from '../stack/stack.ts';
import { launchChromium } from './chromium.ts';
import { DemoTab } from './demo-tab.ts';

// Under load; alone, the slowest takes 6 seconds.

let stack: Stack;
let browser: Browser;
beforeAll(async () => {
  [browser, stack] = await Promise.all([launchChromium(), Stack.start()]);
});
afterAll(() => Promise.all([browser?.close(), stack?.close()]));

/**
 * A test with a browser profile and a tab of its own: the tests run several at a time, for most of their time is answers
 * streaming. Whatever the browser complained about must be among what the test expects.
 */
function inTab(test: (tab: DemoTab, context: BrowserContext) => Promise<void>, key = apiKey, expected = /^$/) {
  return async () => {
    const context = await browser.newContext();
    try {
      const tab = await DemoTab.open(context, stack.apiUrl, key);
      await test(tab, context);
      expect(tab.complaints.filter((text) => !expected.test(text))).toEqual([]);
    } finally {
      await context.close();
    }
  };
}

async function jobOf(tab: DemoTab) {
  const job = await stack.client.find(tab.jobKey);
  if (job === null) throw new Error(`no job for ${tab.jobKey}`);
  return job;
}

/** One job, one provider call, and its text whole on the page. */
async function expectOneWholeAnswer(tab: DemoTab, calls = 1): Promise<void> {
  await tab.seeing('status', /^completed$/);
  await tab.seeing('provider-calls', /\d/);
  const job = await jobOf(tab);
  expect(job).toMatchObject({ status: 'completed', provider_calls: calls });
  expect(job.output_text?.length).toBeGreaterThan(300);
  expect(await tab.text('output')).toBe(job.output_text);
  expect(await tab.text('provider-calls')).toBe(String(calls));
  expect(await stack.providerCalls(tab.jobKey)).toMatchObject({ calls });
}

/** The first submit is never answered; `begin` says how far it came. The page is refreshed while it waits. */
async function expectOneJobOfHeldSubmit(tab: DemoTab, begin: (route: Route) => Promise<void>): Promise<void> {
  const prompt = `Did you get this? ${randomUUID()}`;
  const keys: (string | undefined)[] = [];
  let isHeld = false;
  await tab.page.route('**/v1/jobs', async (route) => {
    keys.push(route.request().headers()['idempotency-key']);
    if (keys.length > 1) return route.continue();
    await begin(route);
    isHeld = true;
  });
  await tab.submit(prompt);
  await until('the submit is held', () => isHeld);
  await tab.page.reload();
  await expectOneWholeAnswer(tab);
  expect(keys).toHaveLength(2);
  expect(new Set(keys).size).toBe(1);
  expect((await stack.client.list({ metadata: { prompt } })).data).toHaveLength(1);
}

/** Mulberry32: numbers from 0 to 1 that the seed repeats. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe('the demo page', () => {
  it.concurrent(
    'takes the key out of the address, keeps it, and streams an answer',
    inTab(async (tab) => {
      await until('the composer is there', () => tab.shows('composer'));
      expect(tab.page.url()).toBe(`${stack.apiUrl}/demo/`);
      await tab.page.reload();
      await tab.submit('Why do sailors trust a good anchor?');
      const early = await tab.seeing('output', /\w/);
      expect(await tab.text('status')).toBe('running');
      const later = await tab.seeing('output', new RegExp(`^.{${early.length + 40}}`, 's'));
      expect(later.startsWith(early)).toBe(true);
      await expectOneWholeAnswer(tab);
      expect(await tab.text('reattached')).toBe('never');
    }),
  );

  it.concurrent(
    'shows one answer, paid once, however often it is refreshed meanwhile',
    inTab(async (tab) => {
      const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32));
      console.log(`refreshes: SEED=${seed}`);
      const random = randomFrom(seed);
      const moments = Array.from({ length: 5 }, () => Math.ceil(random() * 150)).sort((a, b) => a - b);
      await tab.submit('Refresh me.');
      for (const moment of moments) {
        await tab.seeingEvents(moment);
        await tab.page.reload();
      }
      await expectOneWholeAnswer(tab);
      expect(await tab.text('reattached')).toBe('5×');
      expect(await tab.page.getByTestId('prompt').inputValue()).toBe('Refresh me.');
    }),
  );

  it.concurrent(
    'shows the same text in a second tab, and again after the end',
    inTab(async (tab, context) => {
      await tab.submit('In two tabs.');
      await tab.seeingEvents(40);
      const [page] = await Promise.all([context.waitForEvent('page'), tab.click('second-tab')]);
      const second = new DemoTab(page);
      await second.seeing('output', /\w/);
      expect(page.url()).toBe(tab.page.url());
      await Promise.all([expectOneWholeAnswer(tab), expectOneWholeAnswer(second)]);
      await second.page.reload();
      await expectOneWholeAnswer(second);
      expect(second.complaints).toEqual([]);
    }),
  );

  it.concurrent(
    'stops an answer and its provider call when asked, and keeps what had come',
    inTab(async (tab) => {
      await tab.submit('Stop me.', 'slow');
      await tab.seeingEvents(20);
      await tab.click('stop');
      await tab.seeing('status', /^cancelled$/);
      const job = await jobOf(tab);
      expect(job).toMatchObject({ status: 'cancelled', error: null });
      expect(job.output_text?.length).toBeGreaterThan(20);
      await until('the page shows the whole of it', async () => (await tab.text('output')) === job.output_text);
      await until('the call is aborted', async () => (await stack.providerCalls(tab.jobKey)).aborted === 1);
      expect(await stack.providerCalls(tab.jobKey)).toMatchObject({ calls: 1, completed: 0 });
    }),
  );

  it.concurrent(
    'explains a wrong key, and continues with the prompt once it has a valid one',
    inTab(
      async (tab) => {
        await tab.submit('With the wrong key.');
        expect(await tab.seeing('error-text', /key/)).toMatch(/^That API key isn’t accepted\. Paste the one/);
        expect(await tab.shows('job')).toBe(false);
        await tab.fill('key', apiKey);
        await tab.click('key-save');
        await expectOneWholeAnswer(tab);
        expect(await tab.shows('error')).toBe(false);
      },
      'hold_wrong0123456789abcdefghijklmnop',
      /status of 401/,
    ),
  );

  it.concurrent(
    'makes no second job when it is refreshed before the answer to a submit that had reached the server',
    inTab((tab) => expectOneJobOfHeldSubmit(tab, async (route) => void (await route.fetch()))),
  );

  it.concurrent(
    'makes one job when it is refreshed before a submit has reached the server',
    inTab((tab) => expectOneJobOfHeldSubmit(tab, async () => {})),
  );

  it.concurrent(
    'says that the provider answered 429, and completes',
    inTab(async (tab) => {
      await tab.submit('Are you busy?', 'busy');
      await tab.seeing('notice', /^The provider answered 429; trying again at .*\. You don’t have to do anything\.$/);
      await expectOneWholeAnswer(tab, 3);
      expect(await tab.shows('notice')).toBe(false);
      expect(await tab.text('attempt')).toBe('3');
    }),
  );

  it.concurrent(
    'drops the text of an attempt that broke off',
    inTab(async (tab) => {
      await tab.submit('Will you break off?', 'cut');
      await tab.seeing('history', /The provider broke off in the middle of the answer: will be tried again/);
      await expectOneWholeAnswer(tab, 2);
    }),
  );

  it.concurrent(
    'can ask nothing of another origin',
    inTab(
      async (tab) => {
        const asked = tab.page.evaluate((url) => fetch(url).then(String, String), `${stack.simulatorUrl}/v1/models`);
        expect(await asked).toMatch(/TypeError/);
        await until('the browser says why', () =>
          tab.complaints.some((text) => text.includes('Content Security Policy')),
        );
      },
      apiKey,
      /Content Security Policy/,
    ),
  );
});
