/** docs/reference/admin-api.md has the operations of the table, each with its role, and what it does. */
import { ADMIN_PATH, auditActions, type Operation, operations, roles } from '@holdfast/admin';
import { describe, expect, it } from '@jest/globals';
import { firstNamesUnder, readReference, rowsUnder } from './tables.ts';

const page = readReference('docs/reference/admin-api.md');

describe('docs/reference/admin-api.md', () => {
  it('has every operation of the table, and no other', () => {
    const wanted = Object.values<Operation>(operations).map(({ method, path, role, tenantKey, summary }) => [
      `\`${method} ${ADMIN_PATH}${path}\``,
      `${role ?? 'anybody'}${tenantKey ? ', tenant' : ''}`,
      summary,
    ]);
    expect(rowsUnder(page, 'Operations')).toEqual(wanted);
  });

  it('has every role', () => {
    expect(firstNamesUnder(page, 'Who may call')).toEqual([...roles]);
  });
});

describe('docs/operate/console.md', () => {
  it('has every act that the audit log knows', () => {
    const names = firstNamesUnder(readReference('docs/operate/console.md'), 'The audit log');
    expect([...names].sort()).toEqual([...auditActions].sort());
  });
});
