/** The ways of docs/operate/console.md from what a customer says to why there is no answer: their clicks, as the page has them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Locator, Page } from 'playwright-core';
import { loaded } from './check-page.ts';
import { customer, makeScene, type Scene } from './console-scene.ts';
import { ConsoleStack, section } from './console-stack.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/operate/console.md'), 'utf8');
const [, complaint = ''] = page.split('## When a customer says that the answer never came\n');
const counts: Readonly<Record<string, number>> = { four: 4, five: 5 };

/** What the page says of a way: how many clicks it takes, and what is clicked. */
function wayIn(text: string, by: string): { clicks: number | undefined; names: string[] } {
  const [, word = '', steps = ''] =
    new RegExp(`^By the ${by}, in (\\w+) clicks:\n\n((?:\\d\\. .*\n)+)`, 'm').exec(text) ?? [];
  return { clicks: counts[word], names: [...steps.matchAll(/\*\*(.+?)\*\*/g)].map(([, name]) => name ?? '') };
}

/** Fields that are filled after a click, with the keyboard. */
type Fields = Readonly<Record<string, readonly (readonly [label: string, text: string])[]>>;

let app: ConsoleStack;
let scene: Scene;
beforeAll(async () => {
  app = await ConsoleStack.start();
  scene = await makeScene(app);
});
afterAll(() => app?.close());

function target(tab: Page, name: string): Locator {
  if (name === 'the job') return tab.locator('tbody tr').getByRole('link');
  return tab.getByRole('button', { name, exact: true }).or(tab.getByRole('link', { name, exact: true }));
}

const ways: [string, Fields][] = [
  [
    'metadata',
    {
      'More filters': [['Metadata, by name', customer.metadata]],
      Add: [[`Metadata “${customer.metadata}”`, customer.value]],
    },
  ],
  [
    'idempotency key',
    {
      'More filters': [
        ['Tenant', customer.tenant],
        ['Idempotency key', customer.key],
      ],
    },
  ],
];

describe('a complaint', () => {
  it.each(ways)('leads by the %s to the reason, with the clicks that the page names', async (by, fields) => {
    const { clicks, names } = wayIn(complaint, by);
    const tab = await app.visit('/', 'operator');
    for (const name of names) {
      await target(tab, name).click();
      await loaded(tab);
      for (const [label, text] of fields[name] ?? []) await tab.getByLabel(label, { exact: true }).fill(text);
    }
    await section(tab, 'Why it failed').getByText('What to do').waitFor();
    expect(new URL(tab.url()).pathname).toBe(`/jobs/${scene.jobs.failed}`);
    expect(await section(tab, 'Why it failed').textContent()).toContain('provider_bad_request');
    expect(names).toHaveLength(clicks ?? 0);
  });

  it('about a job that waits is answered by when it runs', async () => {
    const tab = await app.visit(`/jobs/${scene.jobs.delayed}`, 'viewer');
    await section(tab, 'Details').getByText('Runs from').waitFor();
  });
});
