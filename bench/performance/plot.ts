/** A line plot as SVG: axes, a line with points for each subject, a legend. Its colors suit light and dark pages. */
import type { Curve } from './row.ts';

const [WIDTH, HEIGHT] = [720, 400];
const plot = { left: 76, right: 24, top: 64, bottom: 52 };
const COLORS = ['#2563eb', '#d97706', '#059669', '#dc2626'];
const TICKS = 5;

const textOf = (value: string) => value.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** The smallest number ≥ `value` that is 1, 2, 2.5, 5 or 10 times a power of ten. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 2.5, 5, 10].find((step) => step * power >= value) ?? 10) * power;
}

function label(x: number, y: number, text: string, attributes = ''): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${textOf(text)}</text>`;
}

/** The values of x have equal distances, because loads grow by factors. */
function scalesOf({ lines }: Curve) {
  const points = lines.flatMap((line) => line.points);
  const xs = [...new Set(points.map(({ x }) => x))].sort((a, b) => a - b);
  const top = roundUp(Math.max(1e-9, ...points.map(({ y }) => y)));
  const [innerWidth, innerHeight] = [WIDTH - plot.left - plot.right, HEIGHT - plot.top - plot.bottom];
  const xOf = (x: number) => plot.left + (innerWidth * (xs.indexOf(x) + 0.5)) / xs.length;
  const yOf = (y: number) => plot.top + innerHeight * (1 - y / top);
  return { xs, top, xOf, yOf };
}

function gridOf({ xs, top, xOf, yOf }: ReturnType<typeof scalesOf>): string[] {
  const rows = Array.from({ length: TICKS + 1 }, (_, at) => {
    const value = (top * at) / TICKS;
    const y = yOf(value);
    const line = `<line x1="${plot.left}" x2="${WIDTH - plot.right}" y1="${y.toFixed(1)}" y2="${y.toFixed(1)}" stroke="#8886"/>`;
    return line + label(plot.left - 8, y + 4, value.toLocaleString('en'), 'text-anchor="end"');
  });
  const columns = xs.map((x) =>
    label(xOf(x), HEIGHT - plot.bottom + 20, x.toLocaleString('en'), 'text-anchor="middle"'),
  );
  return [...rows, ...columns];
}

export function svgOf(curve: Curve): string {
  const scales = scalesOf(curve);
  const { xOf, yOf } = scales;
  const lines = curve.lines.map(({ points }, at) => {
    const color = COLORS[at % COLORS.length];
    const places = points.map(({ x, y }) => `${xOf(x).toFixed(1)},${yOf(y).toFixed(1)}`);
    const dots = places.map((place) => {
      const [x, y] = place.split(',');
      return `<circle cx="${x}" cy="${y}" r="3.5" fill="${color}"/>`;
    });
    return `<polyline points="${places.join(' ')}" fill="none" stroke="${color}" stroke-width="2"/>${dots.join('')}`;
  });
  const legend = curve.lines.map(({ subject }, at) => {
    const x = plot.left + at * 240;
    return `<rect x="${x}" y="38" width="12" height="12" fill="${COLORS[at % COLORS.length]}"/>${label(x + 18, 49, subject)}`;
  });
  const titles = [
    label(plot.left, 24, curve.title, 'font-size="16" font-weight="600"'),
    label((plot.left + WIDTH - plot.right) / 2, HEIGHT - 10, curve.x, 'text-anchor="middle"'),
    label(16, HEIGHT / 2, curve.y, `text-anchor="middle" transform="rotate(-90 16 ${HEIGHT / 2})"`),
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="system-ui, sans-serif" font-size="12" fill="#777">`,
    `<title>${textOf(curve.title)}</title>`,
    ...titles,
    ...legend,
    ...gridOf(scales),
    ...lines,
    '</svg>\n',
  ].join('\n');
}
