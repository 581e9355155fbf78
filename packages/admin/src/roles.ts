/**
 * Who may do what at the console. Each role may also do what the roles before it may.
 *
 *   viewer    sees everything but prompts and answers
 *   operator  sees prompts and answers; cancels, retries and deletes jobs; pauses lanes
 *   admin     tenants, API keys, limits, users, the audit log
 */
export const roles = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof roles)[number];

/** Whether a role may do what `needed` may. */
export function mayActAs(role: Role, needed: Role): boolean {
  return roles.indexOf(role) >= roles.indexOf(needed);
}
