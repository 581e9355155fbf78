/** deploy/grafana/holdfast.json: panels ask for metrics that there are, of the data source that is chosen, and stand beside one another. */
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { metricsInDocs } from '../docs/metrics-page.ts';
import { readText } from '../docs/pages.ts';
import { knownSeries, PromQL } from './promql.ts';

const series = await knownSeries();

const datasource = z.strictObject({ type: z.literal('prometheus'), uid: z.string().regex(/^\$\{datasource\}$/) });
const place = z.strictObject({ x: z.int(), y: z.int(), w: z.int().min(1), h: z.int().min(1) });
const target = z.object({ refId: z.string(), datasource, expr: z.string(), legendFormat: z.string() });
const row = z.object({ id: z.int(), type: z.literal('row'), title: z.string(), gridPos: place });
const panel = z.object({
  id: z.int(),
  type: z.enum(['timeseries', 'stat', 'state-timeline']),
  title: z.string().min(1),
  description: z.string().min(1),
  datasource,
  gridPos: place,
  targets: z.array(target).min(1),
});
const variable = z.object({ name: z.string(), type: z.string(), query: z.unknown() });
const dashboard = z
  .object({
    id: z.null(),
    uid: z.string(),
    title: z.literal('Holdfast'),
    schemaVersion: z.int().min(36),
    templating: z.object({ list: z.array(variable) }),
    panels: z.array(z.union([row, panel])),
  })
  .parse(JSON.parse(readText('deploy/grafana/holdfast.json')));

const panels = dashboard.panels.flatMap((one) => ('targets' in one ? [one] : []));
const targets = panels.flatMap(({ title, targets }) => targets.map((one) => ({ title, ...one })));

/** As Grafana sends it. Variables that it has not are left, and don't parse. */
function sent(expr: string): string {
  return expr
    .replaceAll('$__rate_interval', '1m')
    .replaceAll('$__range', '3h')
    .replaceAll(/"\$(\w+)"/g, (text, name) =>
      dashboard.templating.list.some((one) => one.name === name) ? '".*"' : text,
    );
}

describe('the dashboard', () => {
  it.each(targets)('asks in "$title" for metrics that there are: $refId', ({ expr }) => {
    expect(new PromQL(sent(expr), series).faults()).toEqual([]);
    expect(sent(expr)).not.toContain('$');
  });

  it.each(targets)('names in the legend of "$title" labels that its lines have: $refId', ({ expr, legendFormat }) => {
    const { labels } = new PromQL(sent(expr), series);
    const used = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label);
    expect(used.filter((label) => !labels.has(label))).toEqual([]);
  });

  it.each(targets)('asks in "$title" for the installation that is chosen: $refId', ({ expr }) => {
    const selectors = [...expr.matchAll(/\b(?:holdfast|nodejs|process)_\w+(\{[^}]*\})?/g)];
    expect(selectors.filter(([, matchers]) => !matchers?.includes('installation=~"$installation"'))).toEqual([]);
  });

  it('shows every metric of the reference', () => {
    const shown = targets.flatMap(({ expr }) => new PromQL(sent(expr), series).metrics);
    const names = new Set(shown.map((name) => name.replace(/_(?:bucket|count|sum)$/, '')));
    // Not a number over time; and the time of blocks is beside their count in the reference only.
    const left = ['holdfast_durability_info', 'holdfast_worker_blocked_seconds_total'];
    const missing = metricsInDocs().filter(({ name }) => !names.has(name) && !left.includes(name));
    expect(missing.map(({ name }) => name)).toEqual([]);
  });

  it('fills its variables from labels that there are', () => {
    const queries = dashboard.templating.list.filter(({ type }) => type === 'query');
    expect(queries.map(({ name }) => name)).toEqual(['installation', 'lane']);
    for (const { name, query } of queries) {
      const text = z.object({ query: z.string() }).parse(query).query;
      const [, selector = '', label = ''] = /^label_values\((.+), (\w+)\)$/.exec(text) ?? [];
      const [, metric = ''] = /^(\w+)/.exec(selector) ?? [];
      expect(series.has(metric)).toBe(true);
      expect(['installation', ...(series.get(metric)?.labels ?? [])]).toContain(label);
      expect(label).toBe(name);
    }
  });

  it('gives each panel an id and a place of its own', () => {
    const ids = dashboard.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, at) => `${x + (at % w)},${y + Math.floor(at / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(dashboard.panels.filter(({ gridPos: { x, w } }) => x + w > 24)).toEqual([]);
  });
});
