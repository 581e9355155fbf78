/** Who and what the money went to. */
import type { History, Spend } from '@holdfast/admin';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { type Column, Count, DataTable, EmptyState, Money, Section } from '../../kit/index.ts';

/** What adds up all that there is no room for. */
const OTHERS = '~other';

const nameOf = (name: string) => (name === OTHERS ? <span className="quiet">all others</span> : name);

function columnsFor(what: string, nameCell: (name: string) => ReactNode, dearest: number): Column<Spend>[] {
  return [
    { id: 'name', header: what, sortBy: ({ name }) => name, cell: ({ name }) => nameCell(name) },
    {
      id: 'cost',
      header: 'Cost',
      align: 'end',
      sortBy: ({ cost_usd }) => cost_usd,
      cell: ({ cost_usd }) => (
        <span className="spend">
          <meter aria-hidden="true" className="spend-bar" max={dearest || 1} value={cost_usd} />
          <Money usd={cost_usd} />
        </span>
      ),
    },
    {
      id: 'input',
      header: 'Input',
      align: 'end',
      sortBy: ({ input_tokens }) => input_tokens,
      cell: ({ input_tokens }) => <Count short value={input_tokens} />,
    },
    {
      id: 'output',
      header: 'Output',
      align: 'end',
      sortBy: ({ output_tokens }) => output_tokens,
      cell: ({ output_tokens }) => <Count short value={output_tokens} />,
    },
    {
      id: 'calls',
      header: 'Calls',
      align: 'end',
      isSecondary: true,
      sortBy: ({ calls }) => calls,
      cell: ({ calls }) => <Count short value={calls} />,
    },
  ];
}

interface SpendTableProps {
  title: string;
  what: string;
  rows: readonly Spend[];
  nameCell: (name: string) => ReactNode;
}

function SpendTable({ title, what, rows, nameCell }: SpendTableProps) {
  const dearest = Math.max(0, ...rows.map(({ cost_usd }) => cost_usd));
  return (
    <Section flush title={title}>
      <DataTable
        caption={title}
        columns={columnsFor(what, nameCell, dearest)}
        empty={<EmptyState title="Nothing was spent in this time." />}
        rowId={({ name }) => name}
        rows={rows}
      />
    </Section>
  );
}

const tenantCell = (name: string) =>
  name === OTHERS ? (
    nameOf(name)
  ) : (
    <Link params={{ tenant: name }} to="/tenants/$tenant">
      {name}
    </Link>
  );

export function SpendSections({ history }: { history: History }) {
  return (
    <div className="columns">
      <SpendTable nameCell={nameOf} rows={history.models} title="By model" what="Model" />
      <SpendTable nameCell={tenantCell} rows={history.tenants} title="By tenant" what="Tenant" />
    </div>
  );
}
