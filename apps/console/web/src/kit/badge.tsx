/** Short states in a colored pill. The word says it all: the color only helps to find it. */
import type { ReactNode } from 'react';

export type Tone = 'neutral' | 'accent' | 'good' | 'warn' | 'bad';

export function Badge({ tone = 'neutral', children, title }: { tone?: Tone; children: ReactNode; title?: string }) {
  return (
    <span className={`badge badge-${tone}`} title={title}>
      {children}
    </span>
  );
}

const toneOfStatus: Readonly<Record<string, Tone>> = {
  queued: 'neutral',
  running: 'accent',
  completed: 'good',
  failed: 'bad',
  cancelled: 'warn',
};

/** Of a job or an attempt. */
export function StatusBadge({ status }: { status: string }) {
  return <Badge tone={toneOfStatus[status] ?? 'neutral'}>{status}</Badge>;
}

const toneOfHealth: Readonly<Record<string, Tone>> = {
  healthy: 'good',
  failing: 'bad',
  recovering: 'warn',
  unknown: 'neutral',
};

export function HealthBadge({ state }: { state: string }) {
  return <Badge tone={toneOfHealth[state] ?? 'neutral'}>{state}</Badge>;
}
