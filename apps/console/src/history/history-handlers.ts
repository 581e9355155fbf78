/** History and failures through the admin API. */
import { readHistory, readTenantTotals } from '@holdfast/history';
import type { Handlers } from '../api/handler.ts';
import { type FailuresNeeds, readFailures } from './failures.ts';
import { showHistory } from './show-history.ts';

export function historyHandlers(needs: FailuresNeeds): Handlers<'history' | 'failures'> {
  const { redis, prefix } = needs;
  return {
    history: async ({ query: { range } }) => {
      const [history, tenants] = await Promise.all([
        readHistory(redis, prefix, range),
        readTenantTotals(redis, prefix, range),
      ]);
      return showHistory(history, tenants);
    },
    failures: async ({ query: { range }, actor }) => ({ range, groups: await readFailures(needs, range, actor) }),
  };
}
