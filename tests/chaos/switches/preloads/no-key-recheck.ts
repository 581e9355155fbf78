/** Loaded before an API: a submit checks its API key before its body is read, and not again afterwards. */
import { changeSource } from '../change-source.ts';

const authenticate = 'const caller = await callerOf(needs.findCaller, request);';
const readThenCheck = `const body = await readJsonBody(request, needs.maxBodyBytes);
  // A body may take 30 s to arrive, and its API key may be revoked meanwhile.
  ${authenticate}`;
const checkThenRead = `${authenticate} const body = await readJsonBody(request, needs.maxBodyBytes);`;
changeSource('apps/api/src/routes/validate-submit.ts', readThenCheck, checkThenRead);
