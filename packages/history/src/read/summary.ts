/** What was counted in a point of a history, or in all of them, by name. */
import { toUsd } from '@holdfast/core';
import { type Counts, laneCounts, modelCounts, namesOf, OTHER, savedCounts, submitCounts } from '../buckets.ts';
import { type Percentiles, percentilesOf } from '../histogram.ts';
import type { Fields } from './read-buckets.ts';

export interface ModelSpend {
  /** `~other`: all models that there was no room for. */
  name: string;
  calls: number;
  inputTokens: number;
  outputTokens: number;
  costUsd: number;
}

export interface LaneSummary {
  name: string;
  completed: number;
  failed: number;
  cancelled: number;
  /** Attempts that failed and were repeated. */
  retried: number;
  /** From when a job was due to its first claim. */
  queueWait: Percentiles;
  /** From an attempt's claim to its first text in the journal. */
  firstToken: Percentiles;
  /** From a job's creation to its end. */
  total: Percentiles;
}

export interface FailureCount {
  lane: string;
  code: string;
  /** null: the error is about no provider. */
  provider: string | null;
  count: number;
}

export interface HistorySummary extends Omit<LaneSummary, 'name'>, Omit<ModelSpend, 'name'> {
  submitted: number;
  /** Submits whose key was there already. */
  replayed: number;
  refused: number;
  /** Jobs that got the answer of an equal one. */
  copied: number;
  /** What these answers had cost. */
  avoidedUsd: number;
  /** Provider calls that were resumed and not paid anew. */
  resumedCalls: number;
  refusals: { code: string; count: number }[];
  lanes: LaneSummary[];
  /** Most first. */
  failures: FailureCount[];
  /** Dearest first. */
  models: ModelSpend[];
}

export function summaryOf(fields: Fields): HistorySummary {
  const of = groupsOf(fields);
  const lanes = of('lane', 'wait', 'first', 'total');
  const names = [...new Set(lanes.map(({ names: [name = ''] }) => name))].sort();
  const models = of('model').map(modelOf);
  const submits = fields.get('submits');
  const saved = fields.get('saved');
  const all = laneOf('', (group) => merged(of(group)));
  const spend = models.reduce(
    (sum, { calls, inputTokens, outputTokens, costUsd }) => ({
      calls: sum.calls + calls,
      inputTokens: sum.inputTokens + inputTokens,
      outputTokens: sum.outputTokens + outputTokens,
      costUsd: sum.costUsd + costUsd,
    }),
    { calls: 0, inputTokens: 0, outputTokens: 0, costUsd: 0 },
  );
  const { name: _, ...everyLane } = all;
  return {
    submitted: at(submits, submitCounts.indexOf('submitted')),
    replayed: at(submits, submitCounts.indexOf('replayed')),
    refused: at(submits, submitCounts.indexOf('refused')),
    ...everyLane,
    ...spend,
    copied: at(saved, savedCounts.indexOf('copied')),
    avoidedUsd: toUsd(at(saved, savedCounts.indexOf('avoided'))),
    resumedCalls: at(saved, savedCounts.indexOf('resumed')),
    refusals: of('refused').map(({ names: [code = ''], counts }) => ({ code, count: at(counts, 0) })),
    lanes: names.map((name) => laneOf(name, (group) => fields.get(`${group} ${name}`))),
    failures: of('failed')
      .map(failureOf)
      .sort((one, other) => other.count - one.count),
    models: models.sort((one, other) => other.costUsd - one.costUsd || other.calls - one.calls),
  };
}

interface Named {
  names: string[];
  counts: Counts;
}

function groupsOf(fields: Fields) {
  const byGroup = new Map<string, Named[]>();
  for (const [field, counts] of fields) {
    const [group = '', ...names] = namesOf(field);
    const others = byGroup.get(group);
    if (others) others.push({ names, counts });
    else byGroup.set(group, [{ names, counts }]);
  }
  return (...groups: string[]) => groups.flatMap((group) => byGroup.get(group) ?? []);
}

export function at(counts: Counts | undefined, index: number): number {
  return counts?.get(index) ?? 0;
}

function merged(all: readonly Named[]): Counts {
  const sum: Counts = new Map();
  for (const { counts } of all) for (const [index, count] of counts) sum.set(index, at(sum, index) + count);
  return sum;
}

function laneOf(name: string, of: (group: string) => Counts | undefined): LaneSummary {
  const ends = of('lane');
  const percentiles = (group: string) => percentilesOf(of(group) ?? new Map());
  return {
    name,
    completed: at(ends, laneCounts.indexOf('completed')),
    failed: at(ends, laneCounts.indexOf('failed')),
    cancelled: at(ends, laneCounts.indexOf('cancelled')),
    retried: at(ends, laneCounts.indexOf('retried')),
    queueWait: percentiles('wait'),
    firstToken: percentiles('first'),
    total: percentiles('total'),
  };
}

function failureOf({ names: [lane = OTHER, code = OTHER, provider = '-'], counts }: Named): FailureCount {
  return { lane, code, provider: provider === '-' ? null : provider, count: at(counts, 0) };
}

function modelOf({ names: [name = ''], counts }: Named): ModelSpend {
  return {
    name,
    calls: at(counts, modelCounts.indexOf('calls')),
    inputTokens: at(counts, modelCounts.indexOf('inputTokens')),
    outputTokens: at(counts, modelCounts.indexOf('outputTokens')),
    costUsd: toUsd(at(counts, modelCounts.indexOf('cost'))),
  };
}
