/** When an alert begins, is repeated and ends. Pure: time and readings come from outside. */
import type { AlertRule } from '@holdfast/core';

/** What a rule has found of one subject. */
export interface Finding {
  rule: AlertRule;
  /** A lane, tenant, `<lane>/<provider>`, or `redis`. */
  subject: string;
  isOver: boolean;
  /** What was measured, and the limit of the rule: seconds, shares or counts. */
  value: number;
  limit: number;
  /** How long it has to be over, in ms. */
  forMs: number;
  /** One sentence for people. */
  summary: string;
}

/** A subject that is over its limit. */
export interface AlertState {
  /** Since when, in ms. */
  since: number;
  /** When it was last reported, in ms; null: not yet. */
  reportedAt: number | null;
  summary: string;
}

/** Name of a rule and its subject. */
export type AlertKey = `${AlertRule} ${string}`;
export type AlertStates = ReadonlyMap<AlertKey, AlertState>;

export interface AlertChange {
  key: AlertKey;
  rule: AlertRule;
  subject: string;
  state: 'firing' | 'resolved';
  /** It has been reported before, and goes on. */
  repeated: boolean;
  since: number;
  value: number | null;
  limit: number | null;
  summary: string;
}

interface Evaluation {
  after: Map<AlertKey, AlertState>;
  changes: AlertChange[];
}

export const keyOf = (rule: AlertRule, subject: string): AlertKey => `${rule} ${subject}`;

/**
 * @param read the rules whose readings are complete. A subject of theirs that isn't among the findings is gone, which ends its
 *   alert; of a rule that couldn't be read, nothing changes
 */
export function evaluateAlerts(
  before: AlertStates,
  findings: readonly Finding[],
  read: ReadonlySet<AlertRule>,
  now: number,
  repeatMs: number,
): Evaluation {
  const after = new Map<AlertKey, AlertState>();
  const changes: AlertChange[] = [];
  const over = new Map(findings.filter(({ isOver }) => isOver).map((one) => [keyOf(one.rule, one.subject), one]));
  for (const [key, finding] of over) {
    const known = before.get(key) ?? { since: now, reportedAt: null };
    const isDue = known.reportedAt === null ? now - known.since >= finding.forMs : now - known.reportedAt >= repeatMs;
    if (isDue) changes.push(firing(key, finding, known));
    after.set(key, { ...known, summary: finding.summary, reportedAt: isDue ? now : known.reportedAt });
  }
  for (const [key, state] of before) {
    if (over.has(key)) continue;
    const [rule, subject] = partsOf(key);
    if (!read.has(rule)) after.set(key, state);
    else if (state.reportedAt !== null) changes.push(resolved(key, rule, subject, state, findings));
  }
  return { after, changes };
}

function firing(key: AlertKey, finding: Finding, { since, reportedAt }: Omit<AlertState, 'summary'>): AlertChange {
  const { rule, subject, value, limit, summary } = finding;
  return { key, rule, subject, state: 'firing', repeated: reportedAt !== null, since, value, limit, summary };
}

function resolved(
  key: AlertKey,
  rule: AlertRule,
  subject: string,
  { since, summary }: AlertState,
  findings: readonly Finding[],
): AlertChange {
  const now = findings.find((one) => one.rule === rule && one.subject === subject);
  const [value, limit] = [now?.value ?? null, now?.limit ?? null];
  return {
    key,
    rule,
    subject,
    state: 'resolved',
    repeated: false,
    since,
    value,
    limit,
    summary: now?.summary ?? summary,
  };
}

function partsOf(key: AlertKey): [AlertRule, string] {
  const blank = key.indexOf(' ');
  return [key.slice(0, blank) as AlertRule, key.slice(blank + 1)];
}
