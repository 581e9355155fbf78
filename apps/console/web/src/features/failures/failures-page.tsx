/** Failures of a range, grouped by what they have in common. */
import { type Failures, type Range, ranges } from '@holdfast/admin';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { liveQuery } from '../../api/index.ts';
import { Choice, Count, EmptyState, Loaded, Page } from '../../kit/index.ts';
import { FailureGroupSection } from './failure-group.tsx';
import './failures.css';

const route = getRouteApi('/app/failures');

const labels: Readonly<Record<Range, string>> = { '1h': '1 hour', '24h': '24 hours', '7d': '7 days', '30d': '30 days' };
const options = ranges.map((range) => [range, labels[range]] as const);

export function FailuresPage() {
  const { range = '24h' } = route.useSearch();
  const navigate = route.useNavigate();
  const failures = useQuery({ ...liveQuery('failures', { query: { range } }), placeholderData: keepPreviousData });
  return (
    <Page
      actions={
        <Choice
          label="Range"
          onChange={(chosen) => void navigate({ search: { range: chosen }, replace: true })}
          options={options}
          value={range}
        />
      }
      summary="Failed jobs, by what they have in common. Jobs that failed and were retried since are here, too."
      title="Failures"
    >
      <div aria-busy={failures.isPlaceholderData} className="failures">
        <Loaded lines={12} query={failures}>
          {(data) => <Groups failures={data} />}
        </Loaded>
      </div>
    </Page>
  );
}

const keyOf = ({ code, provider, lane }: Failures['groups'][number]) => `${code} ${provider} ${lane}`;

function Groups({ failures: { range, groups } }: { failures: Failures }) {
  if (groups.length === 0)
    return <EmptyState icon="check" title={`No job has failed in the last ${labels[range].replace(/^1 /, '')}.`} />;
  const total = groups.reduce((sum, { count }) => sum + count, 0);
  return (
    <>
      <p className="quiet">
        <Count value={total} /> {total === 1 ? 'job' : 'jobs'} failed, in <Count value={groups.length} />{' '}
        {groups.length === 1 ? 'group' : 'groups'}.
      </p>
      {groups.map((group, at) => (
        <FailureGroupSection group={group} isOpen={at === 0} key={keyOf(group)} range={range} total={total} />
      ))}
    </>
  );
}
