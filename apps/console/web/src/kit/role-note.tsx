/** What stands in the place of something that the user's role may not see or do: why it isn't there, and who may. */
import { type Role, roles } from '@holdfast/admin';
import { useSession } from '../api/session.ts';
import { Icon } from './icons.tsx';

/** @param what as in "Prompts and answers are hidden" */
export function RoleNote({ needs, what }: { needs: Role; what: string }) {
  const { role } = useSession();
  const able = roles.slice(roles.indexOf(needs)).join(' or ');
  return (
    <p className="role-note">
      <Icon name="lock" />
      <span>
        {what} for the role {role}. It takes the role {able}.
      </span>
    </p>
  );
}
