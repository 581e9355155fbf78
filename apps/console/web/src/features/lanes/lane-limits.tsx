/** The limits of a lane that are in force, and how they differ from those of the config file. */
import type { Lane } from '@holdfast/admin';
import { formatCount } from '../../format/index.ts';
import { Facts, type LimitField, limitAt } from '../../kit/index.ts';

export const laneLimits: readonly LimitField[] = [
  { name: 'requests_per_minute', label: 'Calls a minute', hint: 'To the provider. More wait.' },
  { name: 'tokens_per_minute', label: 'Tokens a minute', hint: 'In and out. More wait.' },
  { name: 'max_running', label: 'Running jobs', hint: 'At once, over all workers.' },
];

const textOf = (value: number | undefined) => (value === undefined ? 'no limit' : formatCount(value));

function Limit({ lane, name }: { lane: Lane; name: string }) {
  const [now, before] = [limitAt(lane.limits, name), limitAt(lane.config_limits, name)];
  return (
    <>
      <span className="number">{textOf(now)}</span>
      {lane.limits_from === 'admin' && now !== before && <span className="quiet"> (config: {textOf(before)})</span>}
    </>
  );
}

export function LaneLimits({ lane }: { lane: Lane }) {
  const from = lane.limits_from === 'admin' ? 'set here' : 'from the config file';
  return (
    <div className="lane-part">
      <h3>
        Limits <span className="quiet">{from}</span>
      </h3>
      <Facts items={laneLimits.map(({ name, label }) => [label, <Limit key={name} lane={lane} name={name} />])} />
    </div>
  );
}
