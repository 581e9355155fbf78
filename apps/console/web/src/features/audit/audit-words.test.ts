import { auditActions } from '@holdfast/admin';
import { describe, expect, it } from '@jest/globals';
import { auditSearchOf } from './audit-search.ts';
import { auditWords, detailsText, targetKindOf } from './audit-words.ts';

describe('the address of the audit log', () => {
  it('keeps filters and page, and drops what is empty or unknown', () => {
    expect(auditSearchOf({ user: 'ada', action: 'lane.change', target: '', cursor: 'c1', color: 'red' })).toEqual({
      user: 'ada',
      action: 'lane.change',
      cursor: 'c1',
    });
    expect(auditSearchOf({ action: 'lane.paint' })).toEqual({});
  });
});

describe('an entry of the audit log', () => {
  it('says in a sentence of its own what was done', () => {
    const sentences = auditActions.map((action) => auditWords[action]);
    expect(new Set(sentences).size).toBe(auditActions.length);
  });

  it('leads to its target where there is a page for it', () => {
    expect(targetKindOf({ action: 'job.cancel', target: 'job_1' })).toBe('job');
    expect(targetKindOf({ action: 'key.rotate', target: 'key_1' })).toBe('key');
    expect(targetKindOf({ action: 'lane.change', target: 'main' })).toBe('lane');
    expect(targetKindOf({ action: 'jobs.bulk', target: 'x' })).toBeNull();
    expect(targetKindOf({ action: 'login', target: null })).toBeNull();
  });

  it('shows details on one line', () => {
    expect(detailsText({ paused: true, limits: { max_running: 5 } })).toBe('paused: true, limits: {"max_running":5}');
    expect(detailsText({})).toBe('');
  });
});
