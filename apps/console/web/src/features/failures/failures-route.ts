import { type Range, ranges } from '@holdfast/admin';
import { createRoute } from '@tanstack/react-router';
import { appRoute } from '../../layout/root-route.tsx';
import { optionIn } from '../../search-params.ts';
import { FailuresPage } from './failures-page.tsx';

export const failuresRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/failures',
  validateSearch: ({ range }: Record<string, unknown>): { range?: Range } => {
    const known = optionIn(ranges, range);
    return known === null ? {} : { range: known };
  },
  component: FailuresPage,
});
