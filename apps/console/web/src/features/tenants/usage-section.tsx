/** What a tenant has spent, day by day: a plot of cost, tokens or jobs, and the sums. */
import type { UsageDay } from '@holdfast/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { adminQuery } from '../../api/index.ts';
import { formatShortCount, formatUsd } from '../../format/index.ts';
import { Choice, Count, Facts, Loaded, Money, Plot, Section } from '../../kit/index.ts';
import type { Series } from '../../kit/plot/plot-data.ts';
import { everyDay, lastDays, plotTime, spans, totalOf } from './usage-figures.ts';

const route = getRouteApi('/app/tenants/$tenant');

interface Shown {
  label: string;
  format: (value: number) => string;
  series: readonly { label: string; color: Series['color']; of: (day: UsageDay) => number }[];
}

const shown = {
  cost: {
    label: 'Cost',
    format: formatUsd,
    series: [
      { label: 'Cost', color: 'one', of: ({ usd }) => usd },
      { label: 'Avoided', color: 'good', of: ({ avoided_usd }) => avoided_usd },
    ],
  },
  tokens: {
    label: 'Tokens',
    format: formatShortCount,
    series: [
      { label: 'Input', color: 'two', of: ({ input_tokens }) => input_tokens },
      { label: 'Output', color: 'one', of: ({ output_tokens }) => output_tokens },
    ],
  },
  jobs: { label: 'Jobs', format: formatShortCount, series: [{ label: 'Jobs', color: 'one', of: ({ jobs }) => jobs }] },
  calls: {
    label: 'Calls',
    format: formatShortCount,
    series: [{ label: 'Calls', color: 'two', of: ({ calls }) => calls }],
  },
} as const satisfies Record<string, Shown>;

type ShownName = keyof typeof shown;
const shownNames = (Object.keys(shown) as ShownName[]).map((name) => [name, shown[name].label] as const);

export function UsageSection({ tenant }: { tenant: string }) {
  const { days: span = '30' } = route.useSearch();
  const navigate = route.useNavigate();
  const time = lastDays(Number(span), Date.now());
  const usage = useQuery({
    ...adminQuery('tenantUsage', { params: { tenant }, query: time }),
    placeholderData: keepPreviousData,
  });
  return (
    <Section
      actions={
        <Choice
          label="Days"
          onChange={(days) => void navigate({ search: { days }, replace: true })}
          options={spans.map((days) => [days, `${days} days`] as const)}
          value={span}
        />
      }
      isOld={usage.isPlaceholderData}
      title="Usage by day"
    >
      <Loaded lines={8} query={usage}>
        {({ days }) => <Usage days={days} from={time.from} to={time.to} />}
      </Loaded>
    </Section>
  );
}

function Usage({ days, from, to }: { days: readonly UsageDay[]; from: string; to: string }) {
  const [name, setName] = useState<ShownName>('cost');
  const all = useMemo(() => everyDay(days, { from, to }), [days, from, to]);
  return (
    <div className="usage">
      <Sums days={all} />
      <Choice label="What is plotted" onChange={setName} options={shownNames} value={name} />
      <UsagePlot days={all} shown={shown[name]} />
    </div>
  );
}

function Sums({ days }: { days: readonly UsageDay[] }) {
  const sum = (of: (day: UsageDay) => number) => totalOf(days, of);
  return (
    <Facts
      items={[
        ['Cost', <Money key="cost" usd={sum(({ usd }) => usd)} />],
        ['Avoided by equal jobs', <Money key="avoided" usd={sum(({ avoided_usd }) => avoided_usd)} />],
        ['Jobs', <Count key="jobs" value={sum(({ jobs }) => jobs)} />],
        ['Provider calls', <Count key="calls" value={sum(({ calls }) => calls)} />],
        ['Input tokens', <Count key="input" short value={sum(({ input_tokens }) => input_tokens)} />],
        ['Output tokens', <Count key="output" short value={sum(({ output_tokens }) => output_tokens)} />],
      ]}
    />
  );
}

function UsagePlot({ days, shown: { label, format, series } }: { days: readonly UsageDay[]; shown: Shown }) {
  const times = useMemo(() => days.map(({ date }) => plotTime(date)), [days]);
  const drawn = useMemo(
    () => series.map(({ label, color, of }): Series => ({ label, color, values: days.map(of) })),
    [days, series],
  );
  return <Plot caption={`${label} by day`} format={format} kind="stack" series={drawn} times={times} />;
}
