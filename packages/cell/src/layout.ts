/** Which layout of keys a database has. Two layouts must not meet in one: neither would see the other's jobs. */
import { MisconfigurationError } from '@holdfast/core';
import type { Redis } from '@holdfast/redis';

/** Counts on with every change that older processes would not understand. */
const LAYOUT = '4';

/** `<prefix>:layout`: written once, by whoever starts first. Global, as tenants and API keys are. */
const layoutKey = (prefix: string) => `${prefix}:layout`;

/** What only layout 1 has: its lists of open jobs and the scheduler's tenants. */
const keysOfLayout1 = (prefix: string) => [`${prefix}:open`, `{${prefix}-queue}::tenants`, `${prefix}:swept`];

/**
 * Refuses a database that another version has written, and marks a new one.
 * @throws MisconfigurationError `layout_unknown`, saying what to do
 */
export async function checkLayout(redis: Redis, prefix: string): Promise<void> {
  const known = await redis.get(layoutKey(prefix));
  if (known === LAYOUT) return;
  if (known !== null) {
    throw new MisconfigurationError(
      'layout_unknown',
      `This database was written by a Holdfast with another layout of keys (${known}; this one has ${LAYOUT}). ` +
        'Start the version that wrote it, or choose another HOLDFAST_PREFIX.',
    );
  }
  if ((await redis.exists(...keysOfLayout1(prefix))) > 0) {
    throw new MisconfigurationError(
      'layout_unknown',
      `This database holds jobs of an older Holdfast (layout 1; this one has ${LAYOUT}). Let that version end them, stop it, ` +
        `and delete its keys: ${prefix}:open, ${prefix}:swept, ${prefix}:{*}, ${prefix}:tenant:*:jobs and {${prefix}-queue}*. ` +
        'Tenants, API keys and plans stay as they are. Or choose another HOLDFAST_PREFIX.',
    );
  }
  await redis.set(layoutKey(prefix), LAYOUT, 'NX');
}
