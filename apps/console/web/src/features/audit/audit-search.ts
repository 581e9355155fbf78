/** The filter of the audit log as it stands in the address. */
import { type AuditAction, auditActions } from '@holdfast/admin';
import { optionIn } from '../../search-params.ts';

export interface AuditSearch {
  user?: string;
  action?: AuditAction;
  target?: string;
  /** Of the page; none: the newest one. */
  cursor?: string;
}

const textIn = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);

/** Members that are empty or unknown are left out. */
export function auditSearchOf(search: Record<string, unknown>): AuditSearch {
  const found: AuditSearch = {};
  const [user, target, cursor] = [textIn(search.user), textIn(search.target), textIn(search.cursor)];
  const action = optionIn(auditActions, search.action);
  if (user !== undefined) found.user = user;
  if (action !== null) found.action = action;
  if (target !== undefined) found.target = target;
  if (cursor !== undefined) found.cursor = cursor;
  return found;
}
