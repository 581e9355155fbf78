/** deploy/prometheus: the rules are about metrics that there are, each has its runbook, and the scrape config fits docker-compose.yml. */
// cspell:ignore smhdwy
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { z } from 'zod';
import { readWorkspaces } from '../architecture/workspaces.ts';
import { readPage, readText } from '../docs/pages.ts';
import { knownSeries, PromQL } from './promql.ts';

const series = await knownSeries();
const RUNBOOKS = 'docs/operate/runbooks.md';

const duration = z.string().regex(/^(?:\d+(?:ms|[smhdwy]))+$/, 'a duration such as 5m');
const rulesSchema = z.strictObject({
  groups: z.array(
    z.strictObject({
      name: z.string(),
      interval: duration.optional(),
      rules: z.array(
        z.strictObject({
          alert: z.string().regex(/^Holdfast[A-Za-z]+$/),
          expr: z.string(),
          for: duration,
          labels: z.strictObject({ severity: z.enum(['critical', 'warning', 'info']) }),
          annotations: z.strictObject({ summary: z.string(), description: z.string(), runbook_url: z.string() }),
        }),
      ),
    }),
  ),
});

const file = rulesSchema.parse(parse(readText('deploy/prometheus/alerts.yml')));
const rules = file.groups.flatMap((group) => group.rules);
const named = rules.map((rule) => ({ name: rule.alert, rule }));

describe('deploy/prometheus/alerts.yml', () => {
  it('names each group and each alert once', () => {
    for (const names of [file.groups.map(({ name }) => name), rules.map(({ alert }) => alert)]) {
      expect(names.length).toBeGreaterThan(4);
      expect(new Set(names).size).toBe(names.length);
    }
  });

  it.each(named)('has in $name an expression of metrics that there are', ({ rule }) => {
    expect(new PromQL(rule.expr, series).faults()).toEqual([]);
  });

  it.each(named)('has in the texts of $name labels only that the expression has', ({ rule }) => {
    const { labels } = new PromQL(rule.expr, series);
    const { summary, description } = rule.annotations;
    const used = [...`${summary} ${description}`.matchAll(/\$labels\.(\w+)/g)].map(([, label = '']) => label);
    expect(used.filter((label) => !labels.has(label))).toEqual([]);
  });

  it.each(named)('has for $name a section of the runbooks', ({ name, rule }) => {
    const [page, anchor = ''] = rule.annotations.runbook_url.split('#');
    expect([page, anchor]).toEqual([RUNBOOKS, name.toLowerCase()]);
    expect(readPage(RUNBOOKS).anchors).toContain(anchor);
  });
});

describe(RUNBOOKS, () => {
  const text = readText(RUNBOOKS);
  const sections = [...text.matchAll(/^## (Holdfast\w+)\n([\s\S]*?)(?=^## |(?![\s\S]))/gm)].map(
    ([, name = '', body = '']) => ({ name, body }),
  );

  it('has a section for each alert, in the order of the rules, and no other', () => {
    expect(sections.map(({ name }) => name)).toEqual(rules.map(({ alert }) => alert));
  });

  it.each(sections)(
    'says of $name what it means, what users see, how to look, what to do and when to wake somebody',
    ({ body }) => {
      const heads = [...body.matchAll(/^- \*\*([^*]+)\*\*/gm)].map(([, head]) => head);
      expect(heads).toEqual(['Means:', 'Users see:', 'Look:', 'Do:', 'Wake somebody:']);
    },
  );

  it('has every log line that it names', () => {
    const sourceText = readWorkspaces()
      .flatMap(({ files }) => files.map(({ source }) => source))
      .join('\n');
    const lines = [...text.matchAll(/\(log: `([^`]+)`\)/g)].map(([, line = '']) => line);
    expect(lines.length).toBeGreaterThan(5);
    expect(lines.filter((line) => !sourceText.includes(line))).toEqual([]);
  });
});

describe('deploy/prometheus/prometheus.example.yml', () => {
  const scrapeSchema = z.strictObject({
    job_name: z.string().regex(/^holdfast-/),
    dns_sd_configs: z.tuple([z.strictObject({ names: z.tuple([z.string()]), type: z.literal('A'), port: z.number() })]),
    relabel_configs: z.tuple([z.strictObject({ target_label: z.literal('installation'), replacement: z.string() })]),
  });
  const config = z
    .strictObject({
      global: z.strictObject({ scrape_interval: duration, evaluation_interval: duration }),
      rule_files: z.tuple([z.literal('alerts.yml')]),
      scrape_configs: z.array(scrapeSchema),
    })
    .parse(parse(readText('deploy/prometheus/prometheus.example.yml'), { merge: true }));
  const compose = parse(readText('docker-compose.yml'), { merge: true }) as {
    services: Record<string, { environment?: Record<string, unknown> }>;
  };

  it('scrapes each service of docker-compose.yml that serves metrics, at its port', () => {
    const targets = config.scrape_configs.map(({ dns_sd_configs: [{ names, port }] }) => [...names, port]);
    const serving = Object.entries(compose.services).flatMap(([name, { environment }]) =>
      environment?.METRICS_PORT ? [[name, environment.METRICS_PORT]] : [],
    );
    expect(targets).toEqual(serving);
    expect(targets).toHaveLength(3);
  });
});

describe('docs/operate/scale.md', () => {
  it('scales by metrics that there are', () => {
    const queries = readPage('docs/operate/scale.md')
      .blocks.filter(({ language }) => language === 'yaml')
      .flatMap(({ code }) => [...code.matchAll(/^ *query: (.+)$/gm)].map(([, query = '']) => query));
    expect(queries.length).toBeGreaterThan(1);
    expect(queries.flatMap((query) => new PromQL(query, series).faults())).toEqual([]);
  });
});
