/** What can be done with the selected jobs, or with all that match the filter. */
import type { JobFilter } from '@holdfast/admin';
import { useState } from 'react';
import { Button } from '../../kit/index.ts';
import { BulkDialog } from './bulk-dialog.tsx';
import type { BulkAction, BulkTarget } from './use-bulk.ts';

const actions: readonly (readonly [BulkAction, string])[] = [
  ['cancel', 'Cancel'],
  ['retry', 'Retry'],
  ['delete', 'Delete'],
];

interface BulkBarProps {
  ids: ReadonlySet<string>;
  /** Of all jobs that match; null: there is no filter, and everything is never acted on at once. */
  filter: JobFilter | null;
  onClear: () => void;
}

export function BulkBar({ ids, filter, onClear }: BulkBarProps) {
  const [isAll, setAll] = useState(false);
  const [action, setAction] = useState<BulkAction | null>(null);
  if (ids.size === 0) return null;
  const target: BulkTarget = isAll && filter ? { filter } : { ids: [...ids] };
  const close = () => {
    setAction(null);
    setAll(false);
    onClear();
  };
  return (
    <section aria-label="Selected jobs" className="bulk">
      <span aria-live="polite">{isAll ? 'All that match the filter' : `${ids.size} selected`}</span>
      {filter !== null && (
        <Button kind="quiet" onClick={() => setAll(!isAll)} small>
          {isAll ? 'Only the selected ones' : 'All that match the filter'}
        </Button>
      )}
      <span className="bulk-actions">
        {actions.map(([name, label]) => (
          <Button key={name} onClick={() => setAction(name)} small>
            {label}
          </Button>
        ))}
        <Button kind="quiet" onClick={onClear} small>
          Clear
        </Button>
      </span>
      {action !== null && <BulkDialog action={action} onClose={close} target={target} />}
    </section>
  );
}
