/** What has happened in the range, as plots that share their time. */
import type { History } from '@holdfast/admin';
import { useMemo, useState } from 'react';
import { formatDuration, formatShortCount, formatUsd } from '../../format/index.ts';
import { Choice, Plot, Section } from '../../kit/index.ts';
import { costSeries, type Latency, latencySeries, outcomeSeries, timesOf, tokenSeries } from './figures.ts';

const latencyLabels: readonly (readonly [Latency, string])[] = [
  ['total', 'Total'],
  ['first_token', 'First token'],
  ['queue_wait', 'Queue wait'],
];

const perMinute = (value: number) =>
  value < 10 ? String(Number(value.toFixed(1))) : formatShortCount(Math.round(value));

export function HistoryPlots({ history }: { history: History }) {
  const times = useMemo(() => timesOf(history), [history]);
  const { totals } = history;
  return (
    <div className="columns">
      <Section summary="a minute, by outcome" title="Jobs">
        <Plot
          caption="Jobs that ended in a minute, by outcome"
          format={perMinute}
          kind="stack"
          series={useMemo(() => outcomeSeries(history), [history])}
          times={times}
        />
      </Section>
      <LatencyPlot history={history} times={times} />
      <Section summary="as providers counted them" title="Tokens">
        <Plot
          caption="Tokens, input and output"
          format={formatShortCount}
          kind="stack"
          series={useMemo(() => tokenSeries(history), [history])}
          summary={[formatShortCount(totals.input_tokens), formatShortCount(totals.output_tokens)]}
          times={times}
        />
      </Section>
      <Section summary="and what copied answers would have cost" title="Cost">
        <Plot
          caption="Cost, and the cost that copied answers avoided"
          format={formatUsd}
          kind="stack"
          series={useMemo(() => costSeries(history), [history])}
          summary={[formatUsd(totals.cost_usd), formatUsd(totals.avoided_usd)]}
          times={times}
        />
      </Section>
    </div>
  );
}

function LatencyPlot({ history, times }: { history: History; times: number[] }) {
  const [latency, setLatency] = useState<Latency>('total');
  const series = useMemo(() => latencySeries(history, latency), [history, latency]);
  const { p50, p95 } = history.totals[latency];
  const label = latencyLabels.find(([name]) => name === latency)?.[1] ?? '';
  return (
    <Section
      actions={<Choice label="Latency" onChange={setLatency} options={latencyLabels} value={latency} />}
      title="Latency"
    >
      <Plot
        caption={`${label}: the time of half of the jobs (p50), and of 95 in a hundred (p95)`}
        format={formatDuration}
        kind="lines"
        series={series}
        summary={[p50, p95].map((seconds) => (seconds === null ? '' : formatDuration(seconds)))}
        times={times}
      />
    </Section>
  );
}
