/** How plots look and behave. A canvas knows no style sheet: colors are read from the element, and again when the theme changes. */
import uPlot from 'uplot';
import { drawnSeries, lonePoints, type PlotData } from './plot-data.ts';

export const HEIGHT = 190;
const FONT = '12px system-ui, sans-serif';
const DAY_S = 86_400;

/** The color that a class gives to text here. */
function colorOf(holder: HTMLElement, className: string): string {
  const probe = document.createElement('span');
  probe.className = className;
  holder.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });

function timeLabels(times: readonly number[], range: number): string[] {
  const format = range > 2 * DAY_S ? day : clock;
  const labels = times.map((time) => format.format(time * 1_000));
  // A day's name once, however many marks the day has.
  return labels.map((label, at) => (label === labels[at - 1] ? '' : label));
}

function axes(holder: HTMLElement, format: (value: number) => string): uPlot.Axis[] {
  const stroke = colorOf(holder, 'plot-axis');
  const grid = { stroke: colorOf(holder, 'plot-grid'), width: 1 };
  return [
    {
      stroke,
      font: FONT,
      grid: { show: false },
      ticks: { ...grid, size: 4 },
      size: 26,
      gap: 2,
      space: 64,
      values: (_, times) => timeLabels(times, (times.at(-1) ?? 0) - (times[0] ?? 0)),
    },
    {
      stroke,
      font: FONT,
      grid,
      ticks: { show: false },
      size: 58,
      space: 34,
      values: (_, values) => values.map(format),
    },
  ];
}

const dots = (fill: string): uPlot.Series.Points => ({
  show: true,
  size: 5,
  fill,
  filter: (plot, series) => lonePoints([...(plot.data[series] ?? [])]),
});

function drawn(holder: HTMLElement, data: PlotData): uPlot.Series[] {
  const bars = uPlot.paths.bars?.({ size: [0.82, 24] });
  return drawnSeries(data).map(({ label, color }): uPlot.Series => {
    const stroke = colorOf(holder, `plot-${color}`);
    if (data.kind === 'lines') return { label, stroke, width: 1.75, spanGaps: false, points: dots(stroke) };
    return { label, points: { show: false }, stroke, fill: stroke, width: 0, ...(bars ? { paths: bars } : {}) };
  });
}

/** From 0 to what there is; a plot without figures still has a scale. */
const fromZero = (_: uPlot, _min: number, max: number): uPlot.Range.MinMax => [0, max > 0 ? max * 1.08 : 1];

/** Half a step more at both ends: bars stand over their times, and the first and the last one are shown whole. */
function wholeBars({ data: [times] }: uPlot, min: number, max: number): uPlot.Range.MinMax {
  const half = ((times[1] ?? 0) - (times[0] ?? 0)) / 2;
  return half > 0 ? [min - half, max + half] : [min - DAY_S / 2, max + DAY_S / 2];
}

export function plotOptions(
  holder: HTMLElement,
  data: PlotData,
  format: (value: number) => string,
  onHover: (at: number | null) => void,
): uPlot.Options {
  return {
    width: holder.clientWidth,
    height: HEIGHT,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    // Plots on a page move their cursors together: one reads what happened at one time.
    cursor: { y: false, points: { show: data.kind === 'lines' }, drag: { x: false, y: false }, sync: { key: 'page' } },
    scales: { x: { range: wholeBars }, y: { range: fromZero } },
    axes: axes(holder, format),
    series: [{}, ...drawn(holder, data)],
    hooks: { setCursor: [({ cursor }) => onHover(cursor.idx ?? null)] },
  };
}
