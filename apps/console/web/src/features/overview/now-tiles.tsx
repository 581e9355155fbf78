/** The figures that one looks at first. */
import type { History, Lane, Worker } from '@holdfast/admin';
import { formatDuration, formatPercent } from '../../format/index.ts';
import { Count, Duration, Money, None, Tile, Tiles } from '../../kit/index.ts';
import { endedPerMinute, failedShare, queueNow } from './figures.ts';

/** From here on a share of failures is shown as a fault. */
const MANY_FAILURES = 0.05;
const LONG_WAIT_S = 60;

const perMinute = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 });

interface NowTilesProps {
  history: History;
  /** undefined: not read yet. */
  lanes: readonly Lane[] | undefined;
  workers: readonly Worker[] | undefined;
}

export function NowTiles({ history, lanes, workers }: NowTilesProps) {
  const { totals } = history;
  const share = failedShare(history);
  return (
    <Tiles>
      <QueueTiles lanes={lanes} workers={workers} />
      <Tile label="Jobs ended a minute" note="average of the range" value={perMinute.format(endedPerMinute(history))} />
      <Tile
        label="Failed"
        note={share === null ? 'no job has ended' : `${formatPercent(share)} of ended jobs`}
        tone={share !== null && share >= MANY_FAILURES ? 'bad' : undefined}
        value={<Count short value={totals.failed} />}
      />
      <Tile
        label="Job time, p95"
        note={totals.total.p50 === null ? 'nothing was measured' : `p50 ${formatDuration(totals.total.p50)}`}
        value={<Duration seconds={totals.total.p95} />}
      />
      <Tile
        label="Cost"
        note={
          <>
            <Count short value={totals.calls} /> provider calls
          </>
        }
        value={<Money usd={totals.cost_usd} />}
      />
    </Tiles>
  );
}

function QueueTiles({ lanes, workers }: Pick<NowTilesProps, 'lanes' | 'workers'>) {
  const now = lanes && queueNow(lanes);
  const oldest = now?.oldestWaitS ?? null;
  return (
    <>
      <Tile
        label="Waiting now"
        note={oldest === null ? 'nobody waits' : `oldest ${formatDuration(oldest)}`}
        tone={oldest !== null && oldest > LONG_WAIT_S ? 'warn' : undefined}
        value={now ? <Count short value={now.waiting} /> : <None label="loading" />}
      />
      <Tile
        label="Running now"
        note={<WorkersNote capacity={now?.capacity ?? 0} workers={workers} />}
        tone={workers?.length === 0 ? 'bad' : undefined}
        value={now ? <Count short value={now.running} /> : <None label="loading" />}
      />
    </>
  );
}

function WorkersNote({ workers, capacity }: { workers: readonly Worker[] | undefined; capacity: number }) {
  if (workers === undefined) return <None label="loading" />;
  if (workers.length === 0) return <>no worker is alive</>;
  return (
    <>
      room for <Count short value={capacity} /> on {workers.length} {workers.length === 1 ? 'worker' : 'workers'}
    </>
  );
}
