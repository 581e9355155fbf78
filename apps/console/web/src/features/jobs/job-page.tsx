/** A job. */
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { liveQuery } from '../../api/index.ts';
import { Facts, Loaded, Page, Section, StatusBadge } from '../../kit/index.ts';

const route = getRouteApi('/app/jobs/$id');

export function JobPage() {
  const { id } = route.useParams();
  const job = useQuery(liveQuery('job', { params: { id } }));
  return (
    <Page back={<Link to="/jobs">Jobs</Link>} title={id}>
      <Section title="State">
        <Loaded query={job}>
          {({ status, tenant }) => (
            <Facts
              items={[
                ['Status', <StatusBadge key="status" status={status} />],
                ['Tenant', tenant],
              ]}
            />
          )}
        </Loaded>
      </Section>
    </Page>
  );
}
