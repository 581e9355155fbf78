/** A plot with its legend, which shows the figures under the pointer, and the same figures as a table. */
import { type ReactNode, useState } from 'react';
import { formatMoment } from '../../format/index.ts';
import { type Column, DataTable } from '../table.tsx';
import { useIsDark } from '../theme.ts';
import type { PlotData, Series } from './plot-data.ts';
import { useCanvas } from './use-canvas.ts';
import './plot.css';

interface PlotProps extends PlotData {
  /** What the plot shows, for screen readers and the table. */
  caption: string;
  /** Of the values: in the axis, the legend and the table. */
  format: (value: number) => string;
  /** What the legend shows while the pointer is elsewhere, by series; without it, nothing. */
  summary?: readonly string[];
}

export function Plot(props: PlotProps) {
  const { caption, series, times, format } = props;
  const [hovered, setHovered] = useState<number | null>(null);
  const isDark = useIsDark();
  const canvas = useCanvas({ data: props, format, isDark, onHover: setHovered });
  return (
    <figure className="plot">
      <figcaption className="visually-hidden">{caption}</figcaption>
      <Legend {...props} hovered={hovered} />
      <div aria-hidden="true" className="plot-canvas" ref={canvas} />
      <PlotTable caption={caption} format={format} series={series} times={times} />
    </figure>
  );
}

function Legend({ series, times, format, summary, hovered }: PlotProps & { hovered: number | null }) {
  const shown = ({ values }: Series, at: number): ReactNode => {
    if (hovered === null) return summary?.[at] ?? '';
    const value = values[hovered];
    return value === null || value === undefined ? '–' : format(value);
  };
  const time = hovered === null ? undefined : times[hovered];
  return (
    <ul className="legend">
      {series.map((one, at) => (
        <li key={one.label}>
          <span aria-hidden="true" className={`legend-mark legend-${one.color}`} />
          {one.label}
          <span className="legend-value number">{shown(one, at)}</span>
        </li>
      ))}
      <li aria-hidden="true" className="legend-time quiet number">
        {time === undefined ? '' : formatMoment(time * 1_000)}
      </li>
    </ul>
  );
}

interface TableRow {
  time: number;
  values: readonly (number | null)[];
}

type PlotTableProps = Pick<PlotProps, 'caption' | 'series' | 'times' | 'format'>;

function PlotTable(props: PlotTableProps) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details className="plot-table" onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>As a table</summary>
      {isOpen && <Rows {...props} />}
    </details>
  );
}

function Rows({ caption, series, times, format }: PlotTableProps) {
  const rows = times.map((time, at) => ({ time, values: series.map(({ values }) => values[at] ?? null) })).reverse();
  const columns: Column<TableRow>[] = [
    { id: 'time', header: 'From', cell: ({ time }) => <span className="nowrap">{formatMoment(time * 1_000)}</span> },
    ...series.map(
      ({ label }, at): Column<TableRow> => ({
        id: label,
        header: label,
        align: 'end',
        cell: ({ values }) => {
          const value = values[at] ?? null;
          return value === null ? '–' : format(value);
        },
      }),
    ),
  ];
  return <DataTable caption={caption} columns={columns} rowId={({ time }) => String(time)} rows={rows} />;
}
