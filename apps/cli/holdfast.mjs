#!/usr/bin/env node
/**
 * The `holdfast` command as npm links it. Plain JavaScript for any Node: one that is too old is told so before it meets what
 * it can't read, and a clone that isn't built yet says what to do.
 */
import { existsSync, readFileSync } from 'node:fs';

const main = new URL('./dist/main.js', import.meta.url);
const { engines } = JSON.parse(readFileSync(new URL('./package.json', import.meta.url), 'utf8'));
const needed = engines.node.replace('>=', '').split('.').map(Number);
const running = process.versions.node.split('.').map(Number);
const isTooOld = running[0] < needed[0] || (running[0] === needed[0] && running[1] < needed[1]);

function refuse(message) {
  process.stderr.write(`holdfast: ${message}\n`);
  process.exitCode = 1;
}

if (isTooOld) {
  refuse(`Node ${needed.join('.')} or later is needed; this is ${process.versions.node}. See https://nodejs.org`);
} else if (existsSync(main)) {
  await import(main.href);
} else {
  refuse('not built yet: run `npm run build` (or `npm start`, which builds) first.');
}
