/** The overview: the figures of now, the plots of the range, and who spends what. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { liveQuery } from '../../api/index.ts';
import { Choice, Loaded, Page } from '../../kit/index.ts';
import { rangeLabels } from './figures.ts';
import { HistoryPlots } from './history-plots.tsx';
import { LanesNow } from './lanes-now.tsx';
import { NowTiles } from './now-tiles.tsx';
import { Savings } from './savings.tsx';
import { SpendSections } from './spend-sections.tsx';
import './overview.css';

const route = getRouteApi('/app/');

export function OverviewPage() {
  const { range = '1h' } = route.useSearch();
  const navigate = route.useNavigate();
  // While another range is being read, the old figures stay: nothing jumps.
  const history = useQuery({ ...liveQuery('history', { query: { range } }), placeholderData: keepPreviousData });
  const lanes = useQuery(liveQuery('lanes', {}));
  const workers = useQuery(liveQuery('workers', {}));
  return (
    <Page
      actions={
        <Choice
          label="Range"
          onChange={(chosen) => void navigate({ search: { range: chosen }, replace: true })}
          options={rangeLabels}
          value={range}
        />
      }
      title="Overview"
    >
      <div aria-busy={history.isPlaceholderData} className="overview">
        <Loaded lines={14} query={history}>
          {(data) => (
            <>
              <NowTiles history={data} lanes={lanes.data?.data} workers={workers.data?.data} />
              <HistoryPlots history={data} />
            </>
          )}
        </Loaded>
        <LanesNow lanes={lanes} workers={workers} />
        {history.data && <SpendSections history={history.data} />}
        {history.data && <Savings history={history.data} />}
      </div>
    </Page>
  );
}
