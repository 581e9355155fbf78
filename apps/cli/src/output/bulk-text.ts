/** What an act on many jobs would do, and has done, in sentences. */
import type { BulkResult } from '@holdfast/admin';
import { jobsText } from './units.ts';

interface Words {
  verb: string;
  done: string;
  /** What jobs are that it does not fit. */
  unfit: string;
  /** What one should know before. */
  warning: string;
}

export const bulkWords: Readonly<Record<'cancel' | 'retry' | 'delete', Words>> = {
  cancel: {
    verb: 'Cancel',
    done: 'cancelled',
    unfit: 'already ended',
    warning: 'Running jobs are stopped. What providers have charged until then is paid.',
  },
  retry: {
    verb: 'Retry',
    done: 'retried',
    unfit: 'neither failed nor cancelled',
    warning: 'Calls that are made again cost money again.',
  },
  delete: {
    verb: 'Delete',
    done: 'deleted',
    unfit: 'not ended yet',
    warning: 'Prompts, answers and events go for good, from the archive too.',
  },
};

/** So many of the jobs that could not be done are named. */
const NAMED = 10;

export function forecastText(action: keyof typeof bulkWords, { matched, skipped, failed }: BulkResult): string {
  const { done, unfit } = bulkWords[action];
  const left = skipped > 0 ? ` ${jobsText(skipped)} would be left alone: ${unfit}.` : '';
  return `${jobsText(matched)} would be ${done}.${left}${failuresText(failed)}`;
}

export function doneText(action: keyof typeof bulkWords, { done, skipped, failed }: BulkResult): string {
  const words = bulkWords[action];
  const left = skipped > 0 ? ` ${jobsText(skipped)} left alone: ${words.unfit}.` : '';
  return `${jobsText(done)} ${done === 1 ? 'was' : 'were'} ${words.done}.${left}${failuresText(failed)}`;
}

function failuresText(failed: BulkResult['failed']): string {
  if (failed.length === 0) return '';
  const lines = failed.slice(0, NAMED).map(({ id, code, message }) => `\n  ${id}: ${message} (${code})`);
  const more = failed.length > NAMED ? `\n  … and ${failed.length - NAMED} more; --json names all` : '';
  return `\n${jobsText(failed.length)} could not be:${lines.join('')}${more}`;
}
