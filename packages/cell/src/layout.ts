/** The version of the key layout in a database. Two layouts must not share one: neither would see the other's jobs. */
import { MisconfigurationError } from '@holdfast/core';
import type { Redis } from '@holdfast/redis';

/** Raised with every change that older processes would not understand. */
const LAYOUT = '4';

/** `<prefix>:layout`: written by the process that starts first. A global key, like those of tenants and API keys. */
const layoutKey = (prefix: string) => `${prefix}:layout`;

/** Keys of layout 1 only: its lists of open jobs and the scheduler's tenants. */
const keysOfLayout1 = (prefix: string) => [`${prefix}:open`, `{${prefix}-queue}::tenants`, `${prefix}:swept`];

/**
 * Refuses a database with another layout, and marks a new one with this layout.
 * @throws MisconfigurationError `layout_unknown`, with what to do
 */
export async function checkLayout(redis: Redis, prefix: string): Promise<void> {
  const known = await redis.get(layoutKey(prefix));
  if (known === LAYOUT) return;
  if (known !== null) {
    throw new MisconfigurationError(
      'layout_unknown',
      `This database has the key layout of another version of Holdfast (${known}; this version has ${LAYOUT}). ` +
        'Start the version that wrote it, or choose another HOLDFAST_PREFIX.',
    );
  }
  if ((await redis.exists(...keysOfLayout1(prefix))) > 0) {
    throw new MisconfigurationError(
      'layout_unknown',
      `This database has jobs of an older version of Holdfast (layout 1; this version has ${LAYOUT}). Let that version end them, ` +
        `stop it, and delete its keys: ${prefix}:open, ${prefix}:swept, ${prefix}:{*}, ${prefix}:tenant:*:jobs and {${prefix}-queue}*. ` +
        'Tenants, API keys and plans stay as they are. Or choose another HOLDFAST_PREFIX.',
    );
  }
  await redis.set(layoutKey(prefix), LAYOUT, 'NX');
}
