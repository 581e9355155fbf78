/** What nobody is shown or lets happen who may not. Each promise has a switch that breaks it: see tests/chaos/switches. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { JournalProbe } from '../stack/journal-probe.ts';
import { Stack } from '../stack/stack.ts';
import { consoleGuards } from './scenarios/console-guards.ts';
import { metricsGuard } from './scenarios/metrics-guard.ts';
import { privateTraces } from './scenarios/private-traces.ts';
import { exceeded, type Scenario } from './scenarios/scenario.ts';

let stack: Stack;
let probe: JournalProbe;
beforeAll(async () => {
  // Each starts workers as it needs them.
  stack = await Stack.start({ workers: 0 });
  probe = await JournalProbe.open(stack);
});
afterAll(async () => {
  await probe?.close();
  await stack?.close();
});

it.each<Scenario>([metricsGuard, privateTraces, consoleGuards])('$name', async (scenario) => {
  const { counts } = await scenario.play({ stack, probe });
  expect(exceeded(scenario, counts)).toEqual([]);
});
