/** The buttons of a job's page. What its state doesn't allow isn't offered. */
import type { JobDetails } from '@holdfast/admin';
import { hasEnded } from '@holdfast/core';
import { useState } from 'react';
import { useMay } from '../../../api/index.ts';
import { Button, RoleNote } from '../../../kit/index.ts';
import { CancelDialog, DeleteDialog, RetryDialog } from './confirm-dialogs.tsx';
import { RerunDialog } from './rerun-dialog.tsx';

type Action = 'cancel' | 'retry' | 'rerun' | 'delete';
const dialogs = { cancel: CancelDialog, retry: RetryDialog, rerun: RerunDialog, delete: DeleteDialog };

export function JobActions({ job }: { job: JobDetails }) {
  const [action, setAction] = useState<Action | null>(null);
  const mayAct = useMay('operator');
  const isOver = hasEnded(job.status);
  if (!mayAct) return <RoleNote needs="operator" what="Cancel, retry and delete aren't offered" />;
  const Open = action && dialogs[action];
  return (
    <>
      {!isOver && <Button onClick={() => setAction('cancel')}>Cancel</Button>}
      {(job.status === 'failed' || job.status === 'cancelled') && (
        <Button kind="primary" onClick={() => setAction('retry')}>
          Retry
        </Button>
      )}
      {isOver && <Button onClick={() => setAction('rerun')}>Retry with edits</Button>}
      {isOver && (
        <Button kind="quiet" onClick={() => setAction('delete')}>
          Delete
        </Button>
      )}
      {Open && <Open job={job} onClose={() => setAction(null)} />}
    </>
  );
}
