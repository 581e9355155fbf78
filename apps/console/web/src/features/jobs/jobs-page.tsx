/** Search in the jobs of all tenants. */
import type { JobPage } from '@holdfast/admin';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import { adminQuery, LIVE_MS, useMay } from '../../api/index.ts';
import { Loaded, Page, RoleNote, Section, Time } from '../../kit/index.ts';
import type { SearchParams } from '../../search-params.ts';
import { BulkBar } from './bulk-bar.tsx';
import { FilterForm } from './filter-form.tsx';
import { filterFault, filterIn, jobFilter, jobQuery } from './job-filter.ts';
import { JobsTable } from './jobs-table.tsx';
import { ViewsBar } from './views-bar.tsx';
import './jobs.css';

const route = getRouteApi('/app/jobs');
const noIds: ReadonlySet<string> = new Set();

/** The newest page is live; it stands still while jobs are selected, so that no row moves under the pointer. */
function useJobs(search: SearchParams, isStill: boolean) {
  const isNewest = search.cursor === undefined;
  return useQuery({
    ...adminQuery('searchJobs', { query: jobQuery(search, Date.now()) }),
    enabled: filterFault(search) === null,
    refetchInterval: isNewest && !isStill ? LIVE_MS : false,
    placeholderData: keepPreviousData,
  });
}

export function JobsPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const mayAct = useMay('operator');
  const [ids, setIds] = useState(noIds);
  const jobs = useJobs(search, ids.size > 0);
  const filter = filterIn(search);
  const hasFilter = Object.keys(filter).length > 0;
  const apply = (next: SearchParams) => {
    setIds(noIds);
    void navigate({ search: next });
  };
  return (
    <Page title="Jobs">
      <ViewsBar search={search} />
      <FilterForm key={JSON.stringify(filter)} onApply={apply} search={search} />
      <Section flush isOld={jobs.isPlaceholderData} title={hasFilter ? 'Found' : 'Newest'}>
        <Loaded lines={12} query={jobs}>
          {(page) => (
            <>
              <JobsTable jobs={page.data} selection={mayAct ? { ids, onChange: setIds } : undefined} />
              <Paging page={page} search={search} />
            </>
          )}
        </Loaded>
      </Section>
      {mayAct ? (
        <BulkBar filter={hasFilter ? jobFilter(search, Date.now()) : null} ids={ids} onClear={() => setIds(noIds)} />
      ) : (
        <RoleNote needs="operator" what="Jobs can't be cancelled, retried or deleted here" />
      )}
    </Page>
  );
}

function Paging({ page, search }: { page: JobPage; search: SearchParams }) {
  const { next_cursor, scanned_to, archived } = page;
  const filter = filterIn(search);
  return (
    <footer className="paging">
      <span className="quiet">
        {archived ? 'Redis and the archive were searched.' : 'Only jobs that Redis still has were searched.'}
        {scanned_to !== null && (
          <>
            {' '}
            This page is complete until <Time at={scanned_to} />: few jobs match.
          </>
        )}
      </span>
      <nav aria-label="Pages of jobs" className="paging-links">
        {search.cursor !== undefined && (
          <Link className="button" search={filter} to="/jobs">
            Newest
          </Link>
        )}
        {next_cursor !== null && (
          <Link className="button" search={{ ...filter, cursor: next_cursor }} to="/jobs">
            Older jobs
          </Link>
        )}
      </nav>
    </footer>
  );
}
