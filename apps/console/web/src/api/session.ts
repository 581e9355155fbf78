/** Who is logged in, and what that role may do. */
import { mayActAs, type Role, type Session } from '@holdfast/admin';
import { queryOptions, useQuery } from '@tanstack/react-query';
import { admin, keepCsrfTokenOf } from './admin.ts';

export const sessionQuery = queryOptions<Session>({
  queryKey: ['session'],
  queryFn: async () => {
    const session = await admin.call('session', {});
    keepCsrfTokenOf(session);
    return session;
  },
  staleTime: 60_000,
  retry: false,
});

/** @throws Error outside of the pages that need a session */
export function useSession(): Session {
  const { data } = useQuery(sessionQuery);
  if (data === undefined) throw new Error('There is no session here.');
  return data;
}

/** Whether the user may do what `needed` may. */
export function useMay(needed: Role): boolean {
  return mayActAs(useSession().role, needed);
}
