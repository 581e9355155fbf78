/** Questions before an action on a job, with what it means. */
import type { JobDetails } from '@holdfast/admin';
import { useNavigate } from '@tanstack/react-router';
import { useAction } from '../../../api/index.ts';
import { FormDialog, showToast } from '../../../kit/index.ts';

interface DialogProps {
  job: JobDetails;
  onClose: () => void;
}

const changed = ['job', 'searchJobs'] as const;

export function CancelDialog({ job, onClose }: DialogProps) {
  const action = useAction('cancelJob', {
    changes: changed,
    onDone: ({ status }) => {
      showToast(status === 'cancelled' ? 'The job is cancelled.' : 'The cancel is stored. The worker stops the job.');
      onClose();
    },
  });
  return (
    <FormDialog
      error={action.error}
      isBusy={action.isPending}
      onClose={onClose}
      onSubmit={() => action.mutate({ params: { id: job.id } })}
      submitKind="danger"
      submitLabel="Cancel the job"
      title="Cancel this job?"
    >
      <p>
        {job.status === 'running'
          ? 'Its worker stops the provider call. What the provider has charged until then is paid.'
          : 'It has not begun, and ends at once.'}{' '}
        It can be retried later.
      </p>
    </FormDialog>
  );
}

export function RetryDialog({ job, onClose }: DialogProps) {
  const action = useAction('retryJob', {
    changes: changed,
    onDone: () => {
      showToast('The job runs again.');
      onClose();
    },
  });
  return (
    <FormDialog
      error={action.error}
      isBusy={action.isPending}
      onClose={onClose}
      onSubmit={() => action.mutate({ params: { id: job.id } })}
      submitLabel="Retry"
      title="Run this job again?"
    >
      <p>
        It runs again under the same id. Steps and calls that were completed are kept; others are made, and paid, again.
      </p>
    </FormDialog>
  );
}

export function DeleteDialog({ job, onClose }: DialogProps) {
  const navigate = useNavigate();
  const action = useAction('deleteJob', {
    changes: ['searchJobs'],
    onDone: () => {
      showToast('The job is deleted.');
      void navigate({ to: '/jobs' });
    },
  });
  return (
    <FormDialog
      error={action.error}
      isBusy={action.isPending}
      onClose={onClose}
      onSubmit={() => action.mutate({ params: { id: job.id } })}
      submitKind="danger"
      submitLabel="Delete for good"
      title="Delete this job?"
    >
      <p>
        Its prompt, answer and events go for good, from the archive too. The tenant’s client can no longer read it. What
        it has cost stays counted.
      </p>
    </FormDialog>
  );
}
