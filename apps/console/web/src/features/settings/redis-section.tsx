/** Redis: its memory, when that is full, and the settings that durability rests on. */
import type { Settings } from '@holdfast/admin';
import { formatPercent } from '../../format/index.ts';
import { Bytes, Count, Facts, Meter, None, Notice, Section, useNow, WithCode } from '../../kit/index.ts';
import { forecastOf } from './redis-forecast.ts';

export function RedisSection({ redis }: { redis: Settings['redis'] }) {
  const { version, clients, policy, append_only, fsync, growth_bytes_per_day } = redis;
  return (
    <Section summary={`Version ${version}`} title="Redis">
      <div className="redis">
        <Memory redis={redis} />
        <Facts
          items={[
            ['Growth a day', <Growth bytes={growth_bytes_per_day} key="growth" />],
            ['Connections', <Count key="clients" value={clients} />],
            ['When memory runs out', <code key="policy">{policy}</code>],
            ['Append-only file', append_only ? 'on' : 'off'],
            ['Synced to disk', <code key="fsync">{fsync}</code>],
          ]}
        />
      </div>
    </Section>
  );
}

function Growth({ bytes }: { bytes: number | null }) {
  if (bytes === null) return <None label="not measured yet" />;
  return bytes < 0 ? 'shrinks' : <Bytes value={bytes} />;
}

function Memory({ redis }: { redis: Settings['redis'] }) {
  // By the minute: a forecast that changes each second is hard to read.
  const now = Math.floor(useNow() / 60_000) * 60_000;
  const { used_bytes, max_bytes } = redis;
  const { tone, text } = forecastOf(redis, now);
  return (
    <div className="redis-memory">
      <p className="redis-used">
        <strong>
          <Bytes value={used_bytes} />
        </strong>
        {max_bytes !== null && (
          <span className="quiet">
            {' '}
            of <Bytes value={max_bytes} />, {formatPercent(used_bytes / max_bytes)}
          </span>
        )}
      </p>
      {max_bytes !== null && <Meter label="Memory of Redis" max={max_bytes} value={used_bytes} warns wide />}
      {tone === 'neutral' ? (
        <p className="quiet">{text}</p>
      ) : (
        <Notice tone={tone}>
          <WithCode text={text} />
        </Notice>
      )}
    </div>
  );
}
