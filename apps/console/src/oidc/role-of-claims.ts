/** What a person may do here, and what they are called, by the claims of their provider. */
import { mayActAs, type Role } from '@holdfast/admin';
import type { OidcConfig } from './oidc-config.ts';

export type Claims = Readonly<Record<string, unknown>>;

/** The highest role that the claim gives; null: none. The claim is a text, or a list of texts. */
export function roleOf(claims: Claims, { roleClaim, roles }: Pick<OidcConfig, 'roleClaim' | 'roles'>): Role | null {
  const claim = Object.hasOwn(claims, roleClaim) ? claims[roleClaim] : undefined;
  const values = Array.isArray(claim) ? claim : [claim];
  const given = values.flatMap((value) => (typeof value === 'string' ? (roles.get(value) ?? []) : []));
  return given.reduce<Role | null>((best, role) => (best !== null && mayActAs(best, role) ? best : role), null);
}

/**
 * The e-mail address, unless the provider says that it is not verified: then anybody could take another's. Otherwise the subject,
 * which is unique at the provider. null: neither is a name of a user.
 */
export function nameOf({ email, email_verified: verified, sub }: Claims): string | null {
  const wanted = typeof email === 'string' && verified !== false ? email : sub;
  const name = String(wanted ?? '').toLowerCase();
  return /^[a-z0-9][a-z0-9._@+-]{0,127}$/.test(name) ? name : null;
}
