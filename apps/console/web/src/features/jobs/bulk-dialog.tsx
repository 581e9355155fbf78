/** A bulk action: shows what it would do, asks, does it, and says what was done. */
import { useState } from 'react';
import { messageOf } from '../../api/index.ts';
import { formatCount } from '../../format/index.ts';
import { Button, Dialog, FormDialog, Loading, Notice } from '../../kit/index.ts';
import { type BulkAction, type BulkOutcome, type BulkTarget, useBulk, useDryRun } from './use-bulk.ts';

interface Words {
  title: string;
  verb: string;
  done: string;
  /** What else one should know. */
  note: string;
  doesNotFit: string;
}

const wordsOf: Readonly<Record<BulkAction, Words>> = {
  cancel: {
    title: 'Cancel jobs',
    verb: 'Cancel',
    done: 'cancelled',
    note: 'Waiting jobs end at once. Running ones are stopped; what providers have charged until then is paid.',
    doesNotFit: 'have ended already',
  },
  retry: {
    title: 'Retry jobs',
    verb: 'Retry',
    done: 'retried',
    note: 'They run again under the same ids. Calls that are made again cost money again.',
    doesNotFit: 'have not failed, and were not cancelled',
  },
  delete: {
    title: 'Delete jobs',
    verb: 'Delete',
    done: 'deleted',
    note: 'Prompts, answers and events go for good, from the archive too.',
    doesNotFit: 'have not ended',
  },
};

const jobsOf = (count: number) => `${formatCount(count)} ${count === 1 ? 'job' : 'jobs'}`;

interface BulkDialogProps {
  action: BulkAction;
  target: BulkTarget;
  onClose: () => void;
}

export function BulkDialog({ action, target, onClose }: BulkDialogProps) {
  const [outcome, setOutcome] = useState<BulkOutcome | null>(null);
  const dryRun = useDryRun(action, target);
  const bulk = useBulk(action, target, setOutcome);
  const words = wordsOf[action];
  const matched = dryRun.data?.matched ?? 0;
  if (outcome !== null) return <OutcomeDialog onClose={onClose} outcome={outcome} words={words} />;
  return (
    <FormDialog
      canSubmit={matched > 0}
      error={dryRun.error ?? bulk.error}
      isBusy={bulk.isPending}
      onClose={onClose}
      onSubmit={() => bulk.mutate()}
      submitKind={action === 'retry' ? 'primary' : 'danger'}
      submitLabel={matched > 0 ? `${words.verb} ${jobsOf(matched)}` : words.verb}
      title={words.title}
    >
      {dryRun.data ? <Forecast matched={matched} skipped={dryRun.data.skipped} words={words} /> : null}
      {dryRun.isPending && <Loading label="Counting" lines={2} />}
    </FormDialog>
  );
}

function Forecast({ matched, skipped, words }: { matched: number; skipped: number; words: Words }) {
  return (
    <>
      <p>
        {matched === 0 ? 'No job' : <strong>{jobsOf(matched)}</strong>} would be {words.done}.
        {skipped > 0 && ` ${jobsOf(skipped)} would stay as they are: they ${words.doesNotFit}.`}
      </p>
      <p className="quiet">{words.note}</p>
    </>
  );
}

function OutcomeDialog({ outcome, words, onClose }: { outcome: BulkOutcome; words: Words; onClose: () => void }) {
  const { done, failed } = outcome;
  return (
    <Dialog onClose={onClose} title={words.title}>
      <div className="dialog-body">
        <Notice tone={failed.length > 0 ? 'warn' : 'good'}>
          {jobsOf(done)} {done === 1 ? 'was' : 'were'} {words.done}.
          {failed.length > 0 && ` ${jobsOf(failed.length)} could not be.`}
        </Notice>
        {failed.length > 0 && (
          <ul className="bulk-failed">
            {failed.slice(0, 10).map(({ id, code, message }) => (
              <li key={id}>
                <code>{id}</code>: {messageOf(message)} <code className="quiet">{code}</code>
              </li>
            ))}
          </ul>
        )}
        <footer className="dialog-foot">
          <Button kind="primary" onClick={onClose}>
            Done
          </Button>
        </footer>
      </div>
    </Dialog>
  );
}
