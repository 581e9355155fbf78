/** A changed copy beside the job that it is a copy of: how the answers differ. */
import type { JobContent, JobDetails } from '@holdfast/admin';
import { useQueries } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { EmptyState, Loaded, Section } from '../../kit/index.ts';
import { diffAnswers } from './answer-diff.ts';
import { contentQuery } from './content/content-query.ts';

const answerOf = ({ output, output_text }: JobContent) =>
  output_text ?? (output === null ? null : JSON.stringify(output, null, 2));

interface CompareSectionProps {
  job: JobDetails;
  original: string;
}

export function CompareSection({ job, original }: CompareSectionProps) {
  const [before, after] = useQueries({
    // The first job has ended: nothing about it changes.
    queries: [contentQuery(original, 'ended'), contentQuery(job.id, job.status)],
  });
  const both = {
    data: before?.data && after?.data ? { before: answerOf(before.data), after: answerOf(after.data) } : undefined,
    error: before?.error ?? after?.error,
    refetch: () => Promise.all([before?.refetch(), after?.refetch()]),
  };
  return (
    <Section
      summary={
        <>
          Compared with{' '}
          <Link className="mono" params={{ id: original }} to="/jobs/$id">
            {original}
          </Link>
        </>
      }
      title="What the edits changed"
    >
      <Loaded query={both}>{(answers) => <Difference {...answers} />}</Loaded>
    </Section>
  );
}

function Difference({ before, after }: { before: string | null; after: string | null }) {
  const parts = useMemo(() => (before !== null && after !== null ? diffAnswers(before, after) : null), [before, after]);
  if (parts === null) {
    return (
      <EmptyState
        title={after === null ? 'This job has no answer yet.' : 'The first job has no answer to compare with.'}
      />
    );
  }
  if (parts.every(({ kind }) => kind === 'same')) return <EmptyState icon="check" title="The answers are the same." />;
  return (
    <p className="text diff">
      {parts.map(({ kind, text }, at) => {
        const Mark = { same: 'span', removed: 'del', added: 'ins' }[kind] as 'span' | 'del' | 'ins';
        // biome-ignore lint/suspicious/noArrayIndexKey: parts have no other name
        return <Mark key={at}>{text}</Mark>;
      })}
    </p>
  );
}
