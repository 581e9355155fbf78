/** One lane. */
import type { Lane } from '@holdfast/admin';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useMay } from '../../api/index.ts';
import { Badge, Button, Count, Duration, Facts, Notice, Section, UsedOf } from '../../kit/index.ts';
import { LimitsDialog, PauseDialog } from './lane-dialogs.tsx';
import { LaneLimits } from './lane-limits.tsx';
import { needOf } from './lane-needs.ts';
import { Providers } from './providers.tsx';

const count = (value: number) => <Count value={value} />;

export function LaneSection({ lane }: { lane: Lane }) {
  const need = needOf(lane);
  return (
    <Section actions={<LaneActions lane={lane} />} summary={<Models models={lane.models} />} title={lane.name}>
      <div className="lane">
        {need && <Notice tone={need.tone}>{need.text}</Notice>}
        <Queue lane={lane} />
        <LaneLimits lane={lane} />
        <Providers lane={lane.name} providers={lane.providers} />
      </div>
    </Section>
  );
}

function Models({ models }: { models: readonly string[] }) {
  return (
    <>
      Models{' '}
      {models.map((model) => (
        <code className="model" key={model}>
          {model}
        </code>
      ))}
    </>
  );
}

function LaneActions({ lane }: { lane: Lane }) {
  const [open, setOpen] = useState<'pause' | 'limits' | null>(null);
  const [isOperator, isAdmin] = [useMay('operator'), useMay('admin')];
  const close = () => setOpen(null);
  return (
    <>
      {lane.paused ? <Badge tone="warn">paused</Badge> : <Badge tone="good">open</Badge>}
      <Link className="button button-quiet button-small" search={{ lane: lane.name }} to="/jobs">
        Jobs
      </Link>
      {isAdmin && (
        <Button aria-label={`Change the limits of ${lane.name}`} onClick={() => setOpen('limits')} small>
          Limits
        </Button>
      )}
      {isOperator && (
        <Button
          aria-label={`${lane.paused ? 'Resume' : 'Pause'} ${lane.name}`}
          kind={lane.paused ? 'primary' : 'plain'}
          onClick={() => setOpen('pause')}
          small
        >
          {lane.paused ? 'Resume' : 'Pause'}
        </Button>
      )}
      {open === 'pause' && <PauseDialog lane={lane} onClose={close} />}
      {open === 'limits' && <LimitsDialog lane={lane} onClose={close} />}
    </>
  );
}

function Queue({ lane: { name, counts, capacity, oldest_wait_s, waiting_tokens } }: { lane: Lane }) {
  return (
    <Facts
      items={[
        ['Waiting', <Count key="waiting" value={counts.waiting} />],
        ['Oldest wait', <Duration key="oldest" seconds={oldest_wait_s} />],
        [
          'Running',
          <UsedOf format={count} key="running" label={`Capacity of ${name}`} max={capacity} used={counts.active} />,
        ],
        ['Delayed', <Count key="delayed" value={counts.delayed} />],
        ['Tokens that wait', <Count key="tokens" short value={waiting_tokens} />],
        ['Failed lately', <Failed counts={counts} key="failed" />],
      ]}
    />
  );
}

/** Of the jobs that BullMQ still remembers. */
function Failed({ counts: { completed, failed } }: { counts: Lane['counts'] }) {
  return (
    <>
      <span className={failed > 0 ? 'bad' : ''}>
        <Count short value={failed} />
      </span>{' '}
      <span className="quiet">
        of <Count short value={completed + failed} />
      </span>
    </>
  );
}
