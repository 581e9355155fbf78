import { describe, expect, it } from '@jest/globals';
import { type AlertState, type AlertStates, evaluateAlerts, type Finding, keyOf } from './evaluate.ts';

const MINUTE = 60_000;
const over = (change: Partial<Finding> = {}): Finding => ({
  rule: 'queue_age',
  subject: 'default',
  isOver: true,
  value: 400,
  limit: 300,
  forMs: MINUTE,
  summary: 'old',
  ...change,
});
const key = keyOf('queue_age', 'default');
const read = new Set(['queue_age'] as const);
const known = (state: Partial<AlertState>): AlertStates =>
  new Map([[key, { since: 0, reportedAt: null, summary: 'old', ...state }]]);
const evaluate = (before: AlertStates, findings: Finding[], now: number, complete: ReadonlySet<'queue_age'> = read) =>
  evaluateAlerts(before, findings, complete, now, 60 * MINUTE);

describe('an alert', () => {
  it('fires once it has been over for long enough, and not before', () => {
    const first = evaluate(new Map(), [over()], 1_000);
    expect(first.changes).toEqual([]);
    expect(first.after.get(key)).toEqual({ since: 1_000, reportedAt: null, summary: 'old' });
    expect(evaluate(first.after, [over()], MINUTE + 999).changes).toEqual([]);
    const due = evaluate(first.after, [over()], MINUTE + 1_000);
    expect(due.changes).toEqual([
      {
        key,
        rule: 'queue_age',
        subject: 'default',
        state: 'firing',
        repeated: false,
        since: 1_000,
        value: 400,
        limit: 300,
        summary: 'old',
      },
    ]);
    expect(due.after.get(key)?.reportedAt).toBe(MINUTE + 1_000);
  });

  it('that goes under before it was reported is forgotten without a word', () => {
    const result = evaluate(known({}), [over({ isOver: false })], MINUTE / 2);
    expect([result.changes, result.after.size]).toEqual([[], 0]);
  });

  it('that goes on is reported again only after the time of repetition', () => {
    expect(evaluate(known({ reportedAt: MINUTE }), [over()], 61 * MINUTE - 1).changes).toEqual([]);
    expect(evaluate(known({ reportedAt: MINUTE }), [over()], 61 * MINUTE).changes).toMatchObject([
      { state: 'firing', repeated: true, since: 0 },
    ]);
  });

  it.each([
    ['goes under', [over({ isOver: false, value: 2, summary: 'young' })], 2, 'young'],
    ['is gone, as a lane that was removed', [], null, 'old'],
  ])('is resolved once its subject %s', (_, findings, value, summary) => {
    const result = evaluate(known({ reportedAt: MINUTE }), findings, 2 * MINUTE);
    expect(result.changes).toMatchObject([{ state: 'resolved', value, summary }]);
    expect(result.after.size).toBe(0);
  });

  it('stays as it is while its rule can not be read', () => {
    const before = known({ reportedAt: MINUTE });
    const result = evaluate(before, [], 500 * MINUTE, new Set());
    expect([result.changes, result.after]).toEqual([[], new Map(before)]);
  });

  it('is one for each subject', () => {
    const findings = [
      over({ forMs: 0 }),
      over({ forMs: 0, subject: 'other lane' }),
      over({ forMs: 0, subject: 'x', isOver: false }),
    ];
    expect(evaluate(new Map(), findings, 0).changes.map(({ subject }) => subject)).toEqual(['default', 'other lane']);
  });
});
