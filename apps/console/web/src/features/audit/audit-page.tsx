/** Who has done or looked at what. */
import type { ResponseOf } from '@holdfast/admin';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { adminQuery, LIVE_MS, useMay } from '../../api/index.ts';
import { DataTable, EmptyState, Loaded, Page, RoleNote, Section } from '../../kit/index.ts';
import { auditColumns } from './audit-columns.tsx';
import { AuditFilter } from './audit-filter.tsx';
import type { AuditSearch } from './audit-search.ts';
import './audit.css';

const route = getRouteApi('/app/audit');

export function AuditPage() {
  const isAdmin = useMay('admin');
  return (
    <Page summary="Who has done or looked at what. Prompts, answers and keys are never in it." title="Audit log">
      {isAdmin ? <Log /> : <RoleNote needs="admin" what="The audit log is hidden" />}
    </Page>
  );
}

function Log() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { cursor, ...filter } = search;
  const audit = useQuery({
    ...adminQuery('audit', { query: search }),
    // Older pages don't change.
    refetchInterval: cursor === undefined ? LIVE_MS : false,
    placeholderData: keepPreviousData,
  });
  return (
    <>
      <AuditFilter key={JSON.stringify(filter)} onApply={(next) => void navigate({ search: next })} search={search} />
      <Section flush isOld={audit.isPlaceholderData} title={cursor === undefined ? 'Newest' : 'Older entries'}>
        <Loaded lines={12} query={audit}>
          {(page) => <Entries page={page} search={search} />}
        </Loaded>
      </Section>
    </>
  );
}

function Entries({ page, search }: { page: ResponseOf<'audit'>; search: AuditSearch }) {
  const { cursor, ...filter } = search;
  return (
    <>
      <DataTable
        caption="Entries of the audit log"
        columns={auditColumns}
        empty={<EmptyState icon="audit" title={emptyTitle(filter, page.next_cursor !== null)} />}
        rowId={({ id }) => id}
        rows={page.data}
      />
      {(cursor !== undefined || page.next_cursor !== null) && (
        <nav aria-label="Pages of the audit log" className="audit-pages">
          {cursor !== undefined && (
            <Link className="button" search={filter} to="/audit">
              Newest
            </Link>
          )}
          {page.next_cursor !== null && (
            <Link className="button" search={{ ...filter, cursor: page.next_cursor }} to="/audit">
              Older
            </Link>
          )}
        </nav>
      )}
    </>
  );
}

/** A page with a filter may be empty although older ones are not. */
function emptyTitle(filter: Omit<AuditSearch, 'cursor'>, isMore: boolean): string {
  if (isMore) return 'None of these entries matches. Older ones may.';
  return Object.keys(filter).length > 0 ? 'No entry matches.' : 'Nothing has been done yet.';
}
