/**
 * What is wrong with an expression of PromQL about Holdfast's metrics. It is parsed by Prometheus' own grammar, and compared with the
 * metrics that there are:
 *
 *   syntax    it parses
 *   metrics   docs/reference/metrics.md has each of them, or prom-client measures it of Node, or it is `up`
 *   labels    what selects, groups and joins is a label of all metrics that it is about
 *   values    a fixed value of a label is one that the reference names
 *   counters  are read by `rate` or `increase`: their value says nothing
 *   shared    what is the same in several processes is not added up
 */
import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';
import { Metrics } from '../../packages/service/src/metrics/metrics.ts';
import { metricsInDocs, metricsPage, sharedMetrics } from '../docs/metrics-page.ts';
import { namesIn, readReference } from '../docs/tables.ts';

interface Series {
  labels: readonly string[];
  isCounter: boolean;
  isShared: boolean;
}

/** Labels that Prometheus gives to all that it scrapes; `installation` is set by deploy/prometheus/prometheus.example.yml. */
const targetLabels = ['job', 'instance', 'installation'];
const rates = new Set(['rate', 'increase', 'irate']);
/** These values are the user's own, or HTTP's. */
const openLabels = new Set([...targetLabels, 'lane', 'task', 'provider', 'model', 'method', 'route', 'status', 'le']);
const knownValues = new Set(
  [metricsPage, readReference('docs/reference/errors.md')].flatMap((page) =>
    namesIn(page.replace(/^```[\s\S]*?^```/gm, '')),
  ),
);

/** All series that the processes have, by name. */
export async function knownSeries(): Promise<Map<string, Series>> {
  const shared = sharedMetrics();
  const ours = metricsInDocs().flatMap(({ name, type, labels }): [string, Series][] => {
    const isShared = shared.has(name);
    if (type !== 'histogram') return [[name, { labels, isCounter: type === 'counter', isShared }]];
    const counter = { labels, isCounter: true, isShared };
    return [
      [`${name}_count`, counter],
      [`${name}_sum`, counter],
      [`${name}_bucket`, { labels: [...labels, 'le'], isCounter: true, isShared }],
    ];
  });
  const types = (await new Metrics().text()).matchAll(/^# TYPE (\w+) (counter|gauge)$/gm);
  const ofNode = [...types].map(([, name = '', type]): [string, Series] => [
    name,
    { labels: [], isCounter: type === 'counter', isShared: false },
  ]);
  return new Map([...ours, ...ofNode, ['up', { labels: [], isCounter: false, isShared: false }]]);
}

/** A part of an expression, with its text. */
class Part {
  readonly #text: string;
  readonly node: SyntaxNode;

  constructor(text: string, node: SyntaxNode) {
    this.#text = text;
    this.node = node;
  }

  get text(): string {
    return this.#text.slice(this.node.from, this.node.to);
  }

  /** Those of a kind below it, at any depth. */
  all(kind: string): Part[] {
    const found: Part[] = [];
    this.node.cursor().iterate(({ name, node }) => {
      if (name === kind) found.push(new Part(this.#text, node));
    });
    return found;
  }

  /** Kinds of what it is in, the nearest first. */
  above(): Part[] {
    const { parent } = this.node;
    if (!parent) return [];
    const part = new Part(this.#text, parent);
    return [part, ...part.above()];
  }

  child(kind: string): Part | null {
    const child = this.node.getChild(kind);
    return child && new Part(this.#text, child);
  }
}

export class PromQL {
  readonly #root: Part;
  readonly #series: ReadonlyMap<string, Series>;

  constructor(expression: string, series: ReadonlyMap<string, Series>) {
    this.#root = new Part(expression, parser.parse(expression).topNode);
    this.#series = series;
  }

  /** Names of all metrics in it. */
  get metrics(): string[] {
    return this.#selectors(this.#root).map(nameOf);
  }

  /** Labels that its result may have. */
  get labels(): Set<string> {
    const grouping = this.#root.all('AggregateModifier').flatMap((by) => by.all('LabelName'));
    const isGrouped = this.#root.all('AggregateExpr').length > 0;
    const own = isGrouped ? [] : this.#selectors(this.#root).flatMap((selector) => this.#labelsOf(selector));
    return new Set([...grouping.map(({ text }) => text), ...own]);
  }

  faults(): string[] {
    const broken = this.#root.all('⚠');
    if (broken.length > 0) return [`does not parse at ${broken[0]?.node.from}`];
    return [
      ...this.#selectors(this.#root).flatMap((selector) => this.#faultsOf(selector)),
      ...this.#root.all('GroupingLabels').flatMap((grouping) => this.#unknownIn(grouping)),
    ];
  }

  #selectors(part: Part): Part[] {
    return part.all('VectorSelector');
  }

  #labelsOf(selector: Part): string[] {
    return [...targetLabels, ...(this.#series.get(nameOf(selector))?.labels ?? [])];
  }

  #faultsOf(selector: Part): string[] {
    const name = nameOf(selector);
    const series = this.#series.get(name);
    if (!series) return [`there is no metric ${name}`];
    const around = selector.above();
    const functions = around.map((part) => part.child('FunctionIdentifier')?.text ?? '');
    const aggregate = around.map((part) => part.child('AggregateOp')?.text).find((op) => op !== undefined);
    return [
      ...this.#matcherFaults(selector),
      ...(series.isCounter && !functions.some((name) => rates.has(name)) && !isOnlyMatched(selector)
        ? [`${name} is a counter: take its rate or its increase`]
        : []),
      ...(series.isShared && aggregate === 'sum' ? [`${name} is the same in each process: take the maximum`] : []),
    ];
  }

  #matcherFaults(selector: Part): string[] {
    return selector.all('UnquotedLabelMatcher').flatMap((matcher) => {
      const label = matcher.child('LabelName')?.text ?? '';
      if (!this.#labelsOf(selector).includes(label)) return [`${nameOf(selector)} has no label ${label}`];
      const value = matcher.child('StringLiteral')?.text.slice(1, -1) ?? '';
      const values = openLabels.has(label) ? [] : value.split('|');
      return values.filter((one) => !knownValues.has(one)).map((one) => `${label} is never ${one}`);
    });
  }

  /** Labels of `by (…)` or `on (…)` that a metric below lacks. */
  #unknownIn(grouping: Part): string[] {
    const about = grouping.above().find(({ node }) => /^(?:AggregateExpr|BinaryExpr)$/.test(node.name));
    const selectors = about ? this.#selectors(about) : [];
    return grouping
      .all('LabelName')
      .flatMap(({ text: label }) =>
        selectors
          .filter((selector) => !this.#labelsOf(selector).includes(label))
          .map((selector) => `${nameOf(selector)} has no label ${label} to group by`),
      );
  }
}

/** On the right of `and` or `unless`: its value doesn't count. */
function isOnlyMatched({ node }: Part): boolean {
  const operator = node.parent?.getChild('And') ?? node.parent?.getChild('Unless');
  return operator !== undefined && operator !== null && operator.to <= node.from;
}

function nameOf(selector: Part): string {
  return selector.child('Identifier')?.text ?? '';
}
