import { type Range, ranges } from '@holdfast/admin';
import { createRoute } from '@tanstack/react-router';
import { appRoute } from '../../layout/root-route.tsx';
import { optionIn } from '../../search-params.ts';
import { OverviewPage } from './overview-page.tsx';

export const overviewRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/',
  validateSearch: ({ range }: Record<string, unknown>): { range?: Range } => {
    const known = optionIn(ranges, range);
    return known === null ? {} : { range: known };
  },
  component: OverviewPage,
});
