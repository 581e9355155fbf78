/** All tenants, with what they have spent. */
import type { TenantRow } from '@holdfast/admin';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { liveQuery, useMay } from '../../api/index.ts';
import { formatCount } from '../../format/index.ts';
import { Button, DataTable, EmptyState, Loaded, Page, Section, TextField } from '../../kit/index.ts';
import { tenantColumns } from './tenant-columns.tsx';
import { TenantDialog } from './tenant-dialog.tsx';
import { MAX_ROWS, rowsOf } from './tenant-rows.ts';
import './tenants.css';

const route = getRouteApi('/app/tenants');

function NewTenant({ tenants }: { tenants: readonly TenantRow[] }) {
  const [isOpen, setOpen] = useState(false);
  const navigate = route.useNavigate();
  return (
    <>
      <Button icon="plus" kind="primary" onClick={() => setOpen(true)}>
        New tenant
      </Button>
      {isOpen && (
        <TenantDialog
          onClose={() => setOpen(false)}
          onDone={({ id }) => void navigate({ to: '/tenants/$tenant', params: { tenant: id } })}
          taken={tenants.map(({ id }) => id)}
          tenant={null}
        />
      )}
    </>
  );
}

function TenantTable({ tenants, text }: { tenants: readonly TenantRow[]; text: string }) {
  const { rows, isCut } = rowsOf(tenants, text);
  return (
    <>
      <DataTable
        caption="Tenants"
        columns={tenantColumns}
        empty={
          <EmptyState icon="tenants" title={text ? `No tenant matches “${text}”.` : 'There are no tenants yet.'} />
        }
        rowId={({ id }) => id}
        rows={rows}
        sorting={{ column: 'month', isDescending: true }}
      />
      {isCut && (
        <p className="table-foot quiet">
          The {MAX_ROWS} that have spent most this month. Search to see one of the others.
        </p>
      )}
    </>
  );
}

export function TenantsPage() {
  const { q = '' } = route.useSearch();
  const navigate = route.useNavigate();
  const tenants = useQuery(liveQuery('tenants', {}));
  const isAdmin = useMay('admin');
  const count = tenants.data?.data.length;
  return (
    <Page
      actions={isAdmin && tenants.data ? <NewTenant tenants={tenants.data.data} /> : null}
      summary="Who API keys belong to. Limits, budgets and fair shares are per tenant."
      title="Tenants"
    >
      <Section
        actions={
          <TextField
            hideLabel
            label="Search by id or plan"
            onChange={({ target }) => void navigate({ search: { q: target.value }, replace: true })}
            placeholder="Search by id or plan"
            type="search"
            value={q}
          />
        }
        flush
        title={count === undefined ? 'All tenants' : `${formatCount(count)} ${count === 1 ? 'tenant' : 'tenants'}`}
      >
        <Loaded query={tenants}>{({ data }) => <TenantTable tenants={data} text={q} />}</Loaded>
      </Section>
    </Page>
  );
}
