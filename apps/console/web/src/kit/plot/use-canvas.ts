/** Keeps a uPlot in an element: made anew when its looks change, given new figures when these do, and as wide as there is room. */
import { type RefObject, useEffect, useRef } from 'react';
import uPlot from 'uplot';
import { drawnColumns, type PlotData } from './plot-data.ts';
import { HEIGHT, plotOptions } from './plot-options.ts';
import 'uplot/dist/uPlot.min.css';

interface CanvasOptions {
  data: PlotData;
  format: (value: number) => string;
  isDark: boolean;
  /** The place of the figures under the pointer; null: it is elsewhere. Must not change. */
  onHover: (at: number | null) => void;
}

const alignedData = (data: PlotData): uPlot.AlignedData => [[...data.times], ...drawnColumns(data)];

export function useCanvas({ data, format, isDark, onHover }: CanvasOptions): RefObject<HTMLDivElement | null> {
  const element = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);
  const latest = useRef({ data, format });
  latest.current = { data, format };
  const looks = JSON.stringify([isDark, data.kind, data.series.map(({ label, color }) => [label, color])]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: made anew for new looks only
  useEffect(() => {
    const holder = element.current;
    if (holder === null) return;
    const options = plotOptions(holder, latest.current.data, (value) => latest.current.format(value), onHover);
    const made = new uPlot(options, alignedData(latest.current.data), holder);
    plot.current = made;
    const fit = () => {
      if (plot.current === made && holder.clientWidth !== made.width)
        made.setSize({ width: holder.clientWidth, height: HEIGHT });
    };
    // Not at once: a size that changes while sizes are reported is an error of the page.
    const observer = new ResizeObserver(() => requestAnimationFrame(fit));
    observer.observe(holder);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [looks]);

  const { times, series } = data;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the figures are what has changed
  useEffect(() => plot.current?.setData(alignedData(latest.current.data)), [times, series]);
  return element;
}
