/** Plays a scenario of `tests/flow` on a stack whose processes a switch has changed, with its own Redis. Returns the counts. */
import type { Counts } from '../../flow/scenarios/scenario.ts';
import { JournalProbe } from '../../stack/journal-probe.ts';
import { startRestartableRedis } from '../../stack/restartable-redis.ts';
import { Stack } from '../../stack/stack.ts';
import type { ScenarioSwitch } from './scenario-switches.ts';

export async function playScenario({ scenario, launch }: ScenarioSwitch): Promise<Counts> {
  const redis = await startRestartableRedis();
  try {
    const stack = await Stack.start({ ...scenario.stack, redisUrl: redis.url, launch });
    const probe = await JournalProbe.open(stack);
    const { counts } = await scenario.play({ stack, probe }).finally(async () => {
      await probe.close();
      await stack.close();
    });
    return counts;
  } finally {
    await redis.close();
  }
}
