/** A tenant: what it spends and may spend, and its API keys. */
import type { TenantRow } from '@holdfast/admin';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import { liveQuery, useMay } from '../../api/index.ts';
import { Button, Loaded, Notice, Page, RoleNote, Section, Time } from '../../kit/index.ts';
import { KeysSection } from './keys/keys-section.tsx';
import { LimitFacts } from './limit-facts.tsx';
import { TenantDialog } from './tenant-dialog.tsx';
import { TenantTiles } from './tenant-tiles.tsx';
import { UsageSection } from './usage-section.tsx';
import './tenants.css';

const route = getRouteApi('/app/tenants/$tenant');

export function TenantPage() {
  const { tenant } = route.useParams();
  const query = useQuery(liveQuery('tenant', { params: { tenant } }));
  return (
    <Page
      actions={
        <Link className="button button-plain" search={{ tenant }} to="/jobs">
          Its jobs
        </Link>
      }
      back={<Link to="/tenants">Tenants</Link>}
      summary={
        query.data && (
          <>
            Tenant since <Time at={query.data.created_at} />
          </>
        )
      }
      title={tenant}
    >
      <Loaded lines={12} query={query}>
        {(row) => (
          <>
            <PlanNotice {...row} />
            <TenantTiles row={row} />
            <UsageSection tenant={tenant} />
            <LimitsSection row={row} />
            <KeysSection tenant={tenant} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

function PlanNotice({ plan, plan_status }: TenantRow) {
  if (plan_status === 'missing')
    return (
      <Notice tone="warn">
        The config file lacks the plan {plan}. Its last known limits apply. Add the plan again, or choose another one.
      </Notice>
    );
  if (plan_status === 'unknown')
    return (
      <Notice tone="bad">
        The limits of the plan {plan} are not known, so no job of this tenant is admitted. Add the plan to the config
        file, or choose another one.
      </Notice>
    );
  return null;
}

/** Where the limits in force come from. */
function sourceOf({ plan, limits }: TenantRow): string {
  if (plan !== null) return `From the plan ${plan}.`;
  return limits === null ? 'It has neither a plan nor limits of its own.' : 'Its own.';
}

function LimitsSection({ row }: { row: TenantRow }) {
  const isAdmin = useMay('admin');
  const [isOpen, setOpen] = useState(false);
  return (
    <Section
      actions={isAdmin && <Button onClick={() => setOpen(true)}>Change</Button>}
      summary={sourceOf(row)}
      title="Limits and budgets"
    >
      <div className="limits">
        <LimitFacts limits={row.effective_limits} />
        {!isAdmin && <RoleNote needs="admin" what="Limits can’t be changed" />}
      </div>
      {isOpen && <TenantDialog onClose={() => setOpen(false)} taken={[]} tenant={row} />}
    </Section>
  );
}
