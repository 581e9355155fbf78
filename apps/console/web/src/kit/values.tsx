/** Values as they stand in tables and facts. What is missing is a dash that screen readers hear as "none". */
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatExact,
  formatExactUsd,
  formatRelative,
  formatShortCount,
  formatUsd,
} from '../format/index.ts';
import { useNow } from './now.ts';

export function None({ label = 'none' }: { label?: string }) {
  return (
    <span className="quiet">
      <span aria-hidden="true">–</span>
      <span className="visually-hidden">{label}</span>
    </span>
  );
}

/** Relative, with the exact time as its title. */
export function Time({ at }: { at: string | null }) {
  const now = useNow();
  if (at === null) return <None />;
  return (
    <time className="nowrap" dateTime={at} title={formatExact(at)}>
      {formatRelative(Date.parse(at), now)}
    </time>
  );
}

/** The exact time. */
export function ExactTime({ at }: { at: string | null }) {
  if (at === null) return <None />;
  return (
    <time className="nowrap number" dateTime={at}>
      {formatExact(at).replace(/ \(.*/, '')}
    </time>
  );
}

export function Duration({ seconds }: { seconds: number | null }) {
  if (seconds === null) return <None />;
  return <span className="number nowrap">{formatDuration(seconds)}</span>;
}

/** Between two times; until now, where the second is still to come. */
export function Elapsed({ from, to }: { from: string | null; to: string | null }) {
  const now = useNow();
  if (from === null) return <None />;
  const end = to === null ? now : Date.parse(to);
  return <Duration seconds={Math.max(0, (end - Date.parse(from)) / 1_000)} />;
}

export function Money({ usd }: { usd: number | null }) {
  if (usd === null) return <None label="unknown" />;
  return (
    <span className="number nowrap" title={formatExactUsd(usd)}>
      {formatUsd(usd)}
    </span>
  );
}

/** A number; with `short`, `12.3K`, and all digits in the title. */
export function Count({ value, short = false }: { value: number | null; short?: boolean }) {
  if (value === null) return <None />;
  return (
    <span className="number nowrap" title={formatCount(value)}>
      {short ? formatShortCount(value) : formatCount(value)}
    </span>
  );
}

export function Bytes({ value }: { value: number | null }) {
  if (value === null) return <None />;
  return (
    <span className="number nowrap" title={`${formatCount(value)} bytes`}>
      {formatBytes(value)}
    </span>
  );
}
