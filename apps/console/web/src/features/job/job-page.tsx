/** All about one job. */
import type { JobDetails } from '@holdfast/admin';
import { hasEnded } from '@holdfast/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import { adminQuery, isStatus, LIVE_MS, useMay } from '../../api/index.ts';
import { Badge, CopyButton, EmptyState, Loaded, Page, StatusBadge } from '../../kit/index.ts';
import { JobActions } from './actions/job-actions.tsx';
import { CompareSection } from './compare-section.tsx';
import { ContentSection } from './content/content-section.tsx';
import { EventsSection } from './events/events-section.tsx';
import { JobErrorSection } from './job-error.tsx';
import { JobFacts, JobTiles } from './job-facts.tsx';
import { TimelineSection } from './timeline/timeline-section.tsx';
import './job.css';

const route = getRouteApi('/app/jobs/$id');

/** Live until the job has ended. */
function useJob(id: string) {
  return useQuery({
    ...adminQuery('job', { params: { id } }),
    refetchInterval: ({ state }) => (state.data && hasEnded(state.data.status) ? false : LIVE_MS),
  });
}

export function JobPage() {
  const { id } = route.useParams();
  const job = useJob(id);
  const back = <Link to="/jobs">Jobs</Link>;
  if (isStatus(job.error, 404)) {
    return (
      <Page back={back} title="There is no such job">
        <EmptyState icon="search" title={id}>
          It was deleted, has expired, or never was.
        </EmptyState>
      </Page>
    );
  }
  return (
    <Page
      actions={job.data && <JobActions job={job.data} />}
      back={back}
      summary={<JobSummary id={id} job={job.data} />}
      title={job.data ? `${job.data.task} for ${job.data.tenant}` : 'Job'}
    >
      <Loaded lines={12} query={job}>
        {(data) => <JobSections job={data} key={data.id} />}
      </Loaded>
    </Page>
  );
}

function JobSummary({ id, job }: { id: string; job: JobDetails | undefined }) {
  return (
    <span className="job-summary">
      {job && <StatusBadge status={job.status} />}
      {job?.from === 'archive' && <Badge>archive</Badge>}
      <code>{id}</code>
      <CopyButton label="Copy the id" text={id} />
    </span>
  );
}

function JobSections({ job }: { job: JobDetails }) {
  const maySee = useMay('operator');
  const [isContentShown, setContentShown] = useState(false);
  return (
    <>
      <JobTiles job={job} />
      {job.error && <JobErrorSection error={job.error} job={job} />}
      <TimelineSection job={job} />
      {job.rerun_of !== null && maySee && isContentShown && <CompareSection job={job} original={job.rerun_of} />}
      <ContentSection isShown={isContentShown} job={job} onShow={() => setContentShown(true)} />
      <EventsSection id={job.id} version={job.attempt} />
      <JobFacts job={job} />
    </>
  );
}
