/** Environment variables that the processes know, with what is in force. */
import type { Settings } from '@holdfast/admin';
import { useState } from 'react';
import { Badge, Choice, type Column, DataTable, EmptyState, Section } from '../../kit/index.ts';

type Setting = Settings['settings'][number];

const columns: readonly Column<Setting>[] = [
  { id: 'name', header: 'Variable', sortBy: ({ name }) => name, cell: ({ name }) => <code>{name}</code> },
  {
    id: 'value',
    header: 'Value',
    cell: ({ value }) =>
      value === '' ? <span className="quiet">empty</span> : <code className="setting-value">{value}</code>,
  },
  {
    id: 'from',
    header: 'From',
    sortBy: ({ from }) => from,
    cell: ({ from }) =>
      from === 'environment' ? <Badge tone="accent">environment</Badge> : <span className="quiet">default</span>,
  },
];

export function EnvironmentSection({ settings }: { settings: readonly Setting[] }) {
  const [which, setWhich] = useState<'all' | 'set'>('all');
  const shown = which === 'all' ? settings : settings.filter(({ from }) => from === 'environment');
  return (
    <Section
      actions={
        <Choice
          label="Which variables"
          onChange={setWhich}
          options={[
            ['all', 'All'],
            ['set', 'Those that are set'],
          ]}
          value={which}
        />
      }
      flush
      summary="As this console sees them. Other processes may have others."
      title="Environment"
    >
      <DataTable
        caption="Environment variables"
        columns={columns}
        empty={<EmptyState title="No variable is set: all have their defaults." />}
        rowId={({ name }) => name}
        rows={shown}
        sorting={{ column: 'name', isDescending: false }}
      />
    </Section>
  );
}
