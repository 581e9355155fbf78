/** Worker processes that are alive. */
import type { Worker } from '@holdfast/admin';
import { useQuery } from '@tanstack/react-query';
import { liveQuery } from '../../api/index.ts';
import { Count, DataTable, EmptyState, Loaded, Notice, Page, Section, Tile, Tiles, UsedOf } from '../../kit/index.ts';
import { breakerColumns } from './breaker-columns.tsx';
import { laneColumns, workerColumns } from './worker-columns.tsx';
import { laneLoads, openBreakers, summaryOf } from './worker-figures.ts';
import './workers.css';

const count = (value: number) => <Count value={value} />;

export function WorkersPage() {
  const workers = useQuery(liveQuery('workers', {}));
  return (
    <Page summary="Processes that run jobs, as long as they are alive." title="Workers">
      <Loaded lines={12} query={workers}>
        {({ data }) => (data.length === 0 ? <NoWorker /> : <Workers workers={data} />)}
      </Loaded>
    </Page>
  );
}

function NoWorker() {
  return (
    <Section title="No worker is alive">
      <EmptyState icon="workers" title="No job runs. What is submitted waits.">
        Start a worker, or look at the log of the one that ended.
      </EmptyState>
    </Section>
  );
}

function Workers({ workers }: { workers: readonly Worker[] }) {
  return (
    <>
      <Warnings workers={workers} />
      <Summary workers={workers} />
      <Section flush title="Processes">
        <DataTable
          caption="Worker processes"
          columns={workerColumns}
          rowId={({ id }) => id}
          rows={workers}
          sorting={{ column: 'id', isDescending: false }}
        />
      </Section>
      <Section flush title="Load by lane">
        <DataTable
          caption="Load by lane"
          columns={laneColumns(workers)}
          empty={<EmptyState title="These workers serve no lane." />}
          rowId={({ lane }) => lane}
          rows={laneLoads(workers)}
        />
      </Section>
      <Section
        flush
        summary="A breaker opens after failures in a row: the worker then calls another provider, or waits."
        title="Open breakers"
      >
        <DataTable
          caption="Breakers that are not closed"
          columns={breakerColumns}
          empty={<EmptyState icon="check" title="All breakers are closed: calls go through." />}
          rowId={({ worker, lane, provider }) => `${worker} ${lane} ${provider}`}
          rows={openBreakers(workers)}
        />
      </Section>
    </>
  );
}

function Warnings({ workers }: { workers: readonly Worker[] }) {
  const { otherConfigs, versions } = summaryOf(workers);
  return (
    <>
      {otherConfigs.length > 0 && (
        <Notice tone="warn">
          {otherConfigs.join(', ')} {otherConfigs.length === 1 ? 'runs' : 'run'} with another config file than this
          console. Restart what has the old one.
        </Notice>
      )}
      {versions.length > 1 && <Notice tone="warn">The workers run different versions: {versions.join(', ')}.</Notice>}
    </>
  );
}

function Summary({ workers }: { workers: readonly Worker[] }) {
  const { running, capacity, draining, slowestLoop } = summaryOf(workers);
  const open = openBreakers(workers).length;
  return (
    <Tiles>
      <Tile
        label="Workers"
        note={draining === 0 ? undefined : `${draining} of them draining`}
        value={<Count value={workers.length} />}
      />
      <Tile
        label="Running jobs"
        value={<UsedOf format={count} label="Capacity of all workers" max={capacity} used={running} />}
      />
      <Tile label="Open breakers" tone={open > 0 ? 'bad' : undefined} value={<Count value={open} />} />
      <Tile
        label="Slowest event loop"
        note="99th percentile of its delay"
        tone={slowestLoop.isSlow ? 'warn' : undefined}
        value={slowestLoop.text}
      />
    </Tiles>
  );
}
