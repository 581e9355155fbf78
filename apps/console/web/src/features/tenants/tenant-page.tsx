/** A tenant. */
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { adminQuery } from '../../api/index.ts';
import { Count, Facts, Loaded, Money, None, Page, Section } from '../../kit/index.ts';

const route = getRouteApi('/app/tenants/$tenant');

export function TenantPage() {
  const { tenant } = route.useParams();
  const query = useQuery(adminQuery('tenant', { params: { tenant } }));
  return (
    <Page back={<Link to="/tenants">Tenants</Link>} title={tenant}>
      <Section title="Now">
        <Loaded query={query}>
          {({ plan, day_usd, month_usd, waiting, running }) => (
            <Facts
              items={[
                ['Plan', plan ?? <None key="plan" />],
                ['Spent today', <Money key="day" usd={day_usd} />],
                ['Spent this month', <Money key="month" usd={month_usd} />],
                ['Waiting', <Count key="waiting" value={waiting} />],
                ['Running', <Count key="running" value={running} />],
              ]}
            />
          )}
        </Loaded>
      </Section>
    </Page>
  );
}
