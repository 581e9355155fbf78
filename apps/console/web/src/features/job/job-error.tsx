/** Why a job failed, and what to do about it. */
import { type JobDetails, jobErrorHelp } from '@holdfast/admin';
import { Link } from '@tanstack/react-router';
import { Badge, Section, WithCode } from '../../kit/index.ts';

export function JobErrorSection({ job, error }: { job: JobDetails; error: NonNullable<JobDetails['error']> }) {
  const { code, message, retryable, status, provider, tried = [] } = error;
  const help = jobErrorHelp(code);
  return (
    <Section
      actions={
        <Link search={{ error_code: code, within: '24h' }} to="/jobs">
          Jobs with this error
        </Link>
      }
      title="Why it failed"
    >
      <div className="job-error">
        <p>
          <code className="bad">{code}</code> {retryable && <Badge>may pass</Badge>}
        </p>
        <p className="text">{message}</p>
        {help && (
          <dl className="job-error-help">
            <dt>What happened</dt>
            <dd>
              <WithCode text={help.happened} />
            </dd>
            <dt>What to do</dt>
            <dd>
              <WithCode text={help.todo} />
            </dd>
          </dl>
        )}
        <p className="quiet">
          {[
            provider && `Provider ${provider}`,
            status !== undefined && `status ${status}`,
            `${job.attempt} ${job.attempt === 1 ? 'attempt' : 'attempts'}`,
            ...tried.map((one) => `${one.provider}: ${one.code}`),
          ]
            .filter(Boolean)
            .join(' · ')}
        </p>
      </div>
    </Section>
  );
}
