/** How much of something is used: a bar, and the words that say the same. The bar's color warns when little is left. */
import type { ReactNode } from 'react';
import { levelOf } from './level.ts';
import './meter.css';

interface MeterProps {
  /** What is measured, for screen readers. */
  label: string;
  value: number;
  max: number;
  /** Without it the color never warns: a full bar is nothing bad. */
  warns?: boolean;
  wide?: boolean;
}

export function Meter({ label, value, max, warns = false, wide = false }: MeterProps) {
  const level = warns ? levelOf(value, max) : 'fine';
  const share = max > 0 ? Math.min(1, Math.max(0, value / max)) : 0;
  return (
    // biome-ignore lint/a11y/useSemanticElements: each browser draws its own <meter>, and none can be made to look like another
    <span
      aria-label={label}
      aria-valuemax={Math.max(max, value, 1)}
      aria-valuemin={0}
      aria-valuenow={value}
      className={`meter meter-${level} ${wide ? 'meter-wide' : ''}`}
      role="meter"
    >
      <span className="meter-value" style={{ width: `${100 * share}%` }} />
    </span>
  );
}

interface UsedOfProps {
  label: string;
  used: number;
  /** null: without a limit, and so without a bar. */
  max: number | null;
  format: (value: number) => ReactNode;
  warns?: boolean;
}

/** `$12.40 of $20.00`, above a bar. */
export function UsedOf({ label, used, max, format, warns = false }: UsedOfProps) {
  if (max === null) return <>{format(used)}</>;
  return (
    <span className="used-of">
      <span className="nowrap">
        {format(used)} <span className="quiet">of {format(max)}</span>
      </span>
      <Meter label={label} max={max} value={used} warns={warns} />
    </span>
  );
}
