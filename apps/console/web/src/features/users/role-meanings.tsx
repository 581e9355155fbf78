/** What each role may do. */
import type { Role } from '@holdfast/admin';
import { RoleBadge } from './user-columns.tsx';

export const roleMeanings: Readonly<Record<Role, string>> = {
  viewer: 'sees everything but prompts, answers, users and the audit log',
  operator: 'also sees prompts and answers; cancels, retries and deletes jobs; pauses lanes',
  admin: 'also changes tenants, API keys, limits and users; sees the audit log',
};

export function RoleMeanings() {
  return (
    <dl className="role-meanings">
      {Object.entries(roleMeanings).map(([role, meaning]) => (
        <div key={role}>
          <dt>
            <RoleBadge role={role as Role} />
          </dt>
          <dd>{meaning}</dd>
        </div>
      ))}
    </dl>
  );
}
