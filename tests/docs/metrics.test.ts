/** docs/reference/metrics.md has every metric of the code, with its type and labels, and no other; and names are as Prometheus wants them. */
import { describe, expect, it } from '@jest/globals';
import { readWorkspaces } from '../architecture/workspaces.ts';
import { type Metric, metricRows, metricsInDocs, metricsPage as page } from './metrics-page.ts';
import { namesIn, rowsUnder } from './tables.ts';

/** A call of `Metrics`: its kind, name, and help; then perhaps names of labels. */
const MADE = /\.(counter|gauge|histogram)\(\s*'(\w+)',\s*(?:'[^']*'|"[^"]*")\s*(?:,\s*\[([^\]]*)\])?/g;

const sources = readWorkspaces().flatMap(({ files }) => files);

function made(): Metric[] {
  return sources.flatMap(({ source }) =>
    [...source.matchAll(MADE)].map(([, type = '', name = '', labels = '']) => ({
      name,
      type,
      labels: [...labels.matchAll(/'(\w+)'/g)].map(([, label = '']) => label),
    })),
  );
}

const byName = (metrics: readonly Metric[]) => Object.fromEntries(metrics.map((metric) => [metric.name, metric]));

describe('docs/reference/metrics.md', () => {
  it('has every metric with its type and labels, and no other', () => {
    const written = metricsInDocs();
    expect(byName(written)).toEqual(byName(made()));
    expect(written).toHaveLength(made().length);
  });

  it('knows all names that the code has', () => {
    const named = sources.flatMap(({ source }) =>
      [...source.matchAll(/'(holdfast_\w+_[a-z]+)'/g)].map(([, name = '']) => name),
    );
    expect(
      made()
        .map(({ name }) => name)
        .sort(),
    ).toEqual([...new Set(named)].sort());
    expect(named.length).toBeGreaterThan(30);
  });

  it('says of each which processes have it', () => {
    const by = new Set(metricRows().flatMap(([, , , processes = '']) => processes.split(', ')));
    expect([...by].sort()).toEqual(['API', 'console', 'worker']);
  });

  it('explains labels whose values come from somewhere', () => {
    const explained = rowsUnder(page, 'Labels').flatMap(([label]) => namesIn(label));
    const used = new Set(made().flatMap(({ labels }) => labels));
    // The values of these are in the rows of their metrics, or HTTP's.
    for (const label of ['result', 'outcome', 'direction', 'why', 'what', 'mode', 'method', 'status'])
      used.delete(label);
    expect(explained.sort()).toEqual([...used].sort());
  });
});

describe('metrics', () => {
  it.each(made())('have a name that says what they are: $name', ({ name, type }) => {
    expect(name).toMatch(/^holdfast_[a-z]+(?:_[a-z]+)*$/);
    // Base units; see prometheus.io/docs/practices/naming.
    expect(name).not.toMatch(/_(?:ms|milliseconds|minutes|kb|mb|percent)(?:_|$)/);
    if (type === 'counter') expect(name).toMatch(/_total$/);
    else expect(name).not.toMatch(/_total$/);
    if (type === 'histogram') expect(name).toMatch(/_(?:seconds|bytes)$/);
    if (type === 'gauge') expect(name).toMatch(/_(?:jobs|tokens|seconds|bytes|ratio|info|readers|requests|state)$/);
  });

  it('have no label that has many values', () => {
    const labels = new Set(made().flatMap((metric) => metric.labels));
    expect([...labels].filter((label) => /tenant|id$|key|path|url|message/.test(label))).toEqual([]);
  });
});
