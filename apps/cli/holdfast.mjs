#!/usr/bin/env node
/** The `holdfast` command as npm links it: there before anything is built, so that a fresh clone says what to do. */
import { existsSync } from 'node:fs';

const main = new URL('./dist/main.js', import.meta.url);
if (existsSync(main)) await import(main.href);
else {
  process.stderr.write('holdfast is not built yet: run `npm run build` (or `npm start`, which builds) first.\n');
  process.exitCode = 1;
}
