/** The examples, copied out of the repository and run on the installed packages, with nothing else of it. */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { readManifest } from '../../packaging/manifest.ts';
import { root } from '../../packaging/published.ts';
import { type Place, withExample } from '../examples/example.ts';
import { exerciseExpressBackend } from '../examples/express-backend.ts';
import { exerciseOwnTasks, testOwnTasks } from '../examples/own-tasks.ts';
import { Installation } from './installation.ts';

let installed: Installation;
let place: Place;

beforeAll(async () => {
  installed = await Installation.create([`express@${readManifest('packages/service').dependencies?.express}`]);
  place = { directory: installed.directory, env: installed.env };
  for (const name of ['express-backend', 'own-tasks', 'browser-page']) {
    cpSync(join(root, 'examples', name), installed.makeDirectory(name), { recursive: true });
  }
}, 180_000);
afterAll(() => installed?.remove());

it('express-backend submits an order once and relays its stream from any event', async () => {
  await withExample('express-backend', place, exerciseExpressBackend);
}, 60_000);

it('own-tasks runs its tasks, and has tests that pass', async () => {
  await withExample('own-tasks', place, exerciseOwnTasks);
  await testOwnTasks(place);
}, 60_000);

it('browser-page serves its page and the client', async () => {
  await withExample('browser-page', place, async ({ program, url }) => {
    await program.saying(/Open http/);
    for (const path of ['/', '/page.js', '/client/index.js', '/client/attach.js']) {
      expect([path, (await fetch(url + path)).status]).toEqual([path, 200]);
    }
  });
}, 60_000);
