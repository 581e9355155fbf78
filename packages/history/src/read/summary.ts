/** What was counted in a point of a history, or in all of them: sums over everything, and details by name. */
import { toUsd } from '@holdfast/core';
import { type Counts, laneCounts, modelCounts, namesOf, OTHER, savedCounts, submitCounts } from '../buckets.ts';
import { type Percentiles, percentilesOf } from '../histogram.ts';
import { addAll, type Fields } from './read-buckets.ts';

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
  /** `~other`, here and as `code`: all failures that there was no room for. */
  lane: string;
  code: string;
  /** null: the error is about no provider. */
  provider: string | null;
  count: number;
}

/** All lanes and models together. */
export interface HistorySums extends Omit<LaneSummary, 'name'>, Omit<ModelSpend, 'name'> {
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
}

export interface HistoryDetails {
  /** Most first. */
  refusals: { code: string; count: number }[];
  /** By name. */
  lanes: LaneSummary[];
  /** Most first. */
  failures: FailureCount[];
  /** Dearest first. */
  models: ModelSpend[];
}

export function sumsOf(fields: Fields): HistorySums {
  const groups = new Map<string, Counts>();
  for (const [field, counts] of fields) {
    const end = field.indexOf(' ');
    const group = end < 0 ? field : field.slice(0, end);
    const sum = groups.get(group);
    if (sum) addAll(sum, counts);
    else groups.set(group, [...counts]);
  }
  const of = (group: string) => groups.get(group);
  const { name: _, ...lanes } = laneOf('', of);
  const { name: __, ...models } = modelOf('', of('model'));
  const [submits, saved] = [of('submits'), of('saved')];
  return {
    submitted: at(submits, submitCounts.indexOf('submitted')),
    replayed: at(submits, submitCounts.indexOf('replayed')),
    refused: at(submits, submitCounts.indexOf('refused')),
    ...lanes,
    ...models,
    copied: at(saved, savedCounts.indexOf('copied')),
    avoidedUsd: toUsd(at(saved, savedCounts.indexOf('avoided'))),
    resumedCalls: at(saved, savedCounts.indexOf('resumed')),
  };
}

export function detailsOf(fields: Fields): HistoryDetails {
  const lanes = new Set<string>();
  const details: HistoryDetails = { refusals: [], lanes: [], failures: [], models: [] };
  for (const [field, counts] of fields) {
    const [group = '', ...names] = namesOf(field);
    const [name = ''] = names;
    if (group === 'refused') details.refusals.push({ code: name, count: at(counts, 0) });
    else if (group === 'failed') details.failures.push(failureOf(names, counts));
    else if (group === 'model') details.models.push(modelOf(name, counts));
    else if (name !== '' && group !== 'tenant') lanes.add(name);
  }
  details.refusals.sort((one, other) => other.count - one.count);
  details.failures.sort((one, other) => other.count - one.count);
  details.models.sort((one, other) => other.costUsd - one.costUsd || other.calls - one.calls);
  details.lanes = [...lanes].sort().map((name) => laneOf(name, (group) => fields.get(`${group} ${name}`)));
  return details;
}

export function at(counts: Counts | undefined, index: number): number {
  return counts?.[index] ?? 0;
}

function laneOf(name: string, of: (group: string) => Counts | undefined): LaneSummary {
  const ends = of('lane');
  const percentiles = (group: string) => percentilesOf(of(group) ?? []);
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

function failureOf([lane = OTHER, code = OTHER, provider = '-']: readonly string[], counts: Counts): FailureCount {
  return { lane, code, provider: provider === '-' ? null : provider, count: at(counts, 0) };
}

function modelOf(name: string, counts: Counts | undefined): ModelSpend {
  return {
    name,
    calls: at(counts, modelCounts.indexOf('calls')),
    inputTokens: at(counts, modelCounts.indexOf('inputTokens')),
    outputTokens: at(counts, modelCounts.indexOf('outputTokens')),
    costUsd: toUsd(at(counts, modelCounts.indexOf('cost'))),
  };
}
