/** The overview. */
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { liveQuery } from '../../api/index.ts';
import { Count, Loaded, Money, Page, Tile, Tiles } from '../../kit/index.ts';

const route = getRouteApi('/app/');

export function OverviewPage() {
  const { range = '1h' } = route.useSearch();
  const history = useQuery(liveQuery('history', { query: { range } }));
  return (
    <Page title="Overview">
      <Loaded query={history}>
        {({ totals }) => (
          <Tiles>
            <Tile label="Completed" value={<Count value={totals.completed} />} />
            <Tile label="Failed" value={<Count value={totals.failed} />} />
            <Tile label="Cost" value={<Money usd={totals.cost_usd} />} />
          </Tiles>
        )}
      </Loaded>
    </Page>
  );
}
