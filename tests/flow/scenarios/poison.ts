/** A tenant all of whose jobs fail delays nobody else by more than a turn, though its jobs wait for an open breaker in all slots. */
import { chat, until } from '../../stack/stack.ts';
import { jobsOf, makeTenant, submitAll } from '../../stack/tenants.ts';
import type { Scenario, Stage } from './scenario.ts';

const SLOTS = 4;
/** Enough that its jobs hold all slots for as long as the others'. */
const POISONED = 40;
const OTHERS = 3;
/** Its own jobs would wait for five minutes. */
const SOON_MS = 10_000;

export const poison = {
  name: 'poison',
  stack: { env: { WORKER_CONCURRENCY: String(SLOTS) } },
  // Jobs of others that were kept away from the provider; that had no turn.
  most: { heldBack: 0, late: 0 },

  /** @param withinMs how soon the others must have ended; a test on a busy machine gives more time */
  async play({ stack, probe }: Stage, withinMs = SOON_MS) {
    const poisoned = await makeTenant(stack, probe, 'poisoned');
    const other = await makeTenant(stack, probe, 'other');
    const ids = await submitAll([poisoned], jobsOf('poisoned', POISONED, 'status=500'));
    await until('the breaker is open', () => stack.logs.includes('breaker opened'));
    const isHeld = async (id: string) => (await probe.log(id)).includes('call.delayed');
    const held = async () => (await Promise.all(ids.map(isHeld))).filter(Boolean).length;
    await until('its jobs wait in all slots', async () => (await held()) >= SLOTS);
    let [heldBack, late] = [0, 0];
    for (let job = 0; job < OTHERS; job += 1) {
      const { job: own } = await other.submit(chat('other', 'tokens=1'));
      const ended = await other.wait(own.id, { timeoutMs: withinMs }).catch(() => null);
      if (ended === null) late += 1;
      if (await isHeld(own.id)) heldBack += 1;
      if (late > 0) break;
    }
    return { counts: { heldBack, late } };
  },
} satisfies Scenario;
