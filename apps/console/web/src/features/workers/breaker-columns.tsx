/** The columns of breakers that are not closed. */
import { Badge, type Column, Count, Time } from '../../kit/index.ts';
import type { OpenBreaker } from './worker-figures.ts';

export const breakerColumns: readonly Column<OpenBreaker>[] = [
  { id: 'provider', header: 'Provider', sortBy: ({ provider }) => provider, cell: ({ provider }) => provider },
  { id: 'lane', header: 'Lane', sortBy: ({ lane }) => lane, cell: ({ lane }) => lane },
  {
    id: 'worker',
    header: 'Worker',
    sortBy: ({ worker }) => worker,
    cell: ({ worker }) => <code className="nowrap">{worker}</code>,
  },
  {
    id: 'state',
    header: 'State',
    cell: ({ state }) =>
      state === 'open' ? (
        <Badge title="No calls go through." tone="bad">
          open
        </Badge>
      ) : (
        <Badge title="A few calls are let through, to see whether it works again." tone="warn">
          half open
        </Badge>
      ),
  },
  {
    id: 'failures',
    header: 'Failures',
    align: 'end',
    sortBy: ({ failures }) => failures,
    cell: ({ failures }) => <Count value={failures} />,
  },
  { id: 'retry', header: 'Next try', align: 'end', cell: ({ retry_at }) => <Time at={retry_at} /> },
];
