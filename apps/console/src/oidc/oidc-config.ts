/** The settings of single sign-on. */
import { type Role, roles } from '@holdfast/admin';
import { isLoopback, SettingsError } from '@holdfast/service';
import { z } from 'zod';

export interface OidcConfig {
  issuer: URL;
  clientId: string;
  /** null: a public client, with PKCE alone. */
  clientSecret: string | null;
  scopes: string;
  /** The claim that says what a person may do. */
  roleClaim: string;
  /** What values of the claim mean; the names of the roles, if nothing is set. */
  roles: ReadonlyMap<string, Role>;
  /** Text of the button. */
  button: string;
  /** Where the provider sends the browser back to. */
  redirectUri: URL;
}

interface OidcSettings {
  CONSOLE_URL?: string | undefined;
  OIDC_ISSUER?: string | undefined;
  OIDC_CLIENT_ID?: string | undefined;
  OIDC_CLIENT_SECRET?: string | undefined;
  OIDC_SCOPES: string;
  OIDC_ROLE_CLAIM: string;
  OIDC_ROLES?: ReadonlyMap<string, Role> | undefined;
  OIDC_BUTTON: string;
}

/** Reads `group=role,…`, as a transformation of zod. */
export function readRoles(text: string, { addIssue }: z.RefinementCtx): ReadonlyMap<string, Role> {
  const pairs = text.split(',').map((pair) => pair.trim().split('='));
  if (pairs.every(([group, role, ...rest]) => group && isRole(role) && rest.length === 0)) {
    return new Map(pairs as [string, Role][]);
  }
  addIssue({ code: 'custom', message: `expected group=role,… with the roles ${roles.join(', ')}` });
  return z.NEVER;
}

function isRole(text: string | undefined): text is Role {
  return roles.some((role) => role === text);
}

/** null: there is no single sign-on. @throws SettingsError for settings that don't fit each other */
export function readOidc(settings: OidcSettings): OidcConfig | null {
  const { OIDC_ISSUER: issuer, OIDC_CLIENT_ID: clientId, CONSOLE_URL: consoleUrl, OIDC_SCOPES: scopes } = settings;
  if (issuer === undefined) return null;
  if (clientId === undefined || consoleUrl === undefined) {
    throw new SettingsError(
      'OIDC_ISSUER is set: single sign-on also needs OIDC_CLIENT_ID, and CONSOLE_URL, where people reach the console.',
    );
  }
  const url = new URL(issuer);
  if (url.protocol !== 'https:' && !isLoopback(url.hostname)) {
    throw new SettingsError(
      `OIDC_ISSUER: ${issuer} has to begin with https://. Otherwise anybody on the way could log in.`,
    );
  }
  if (!scopes.split(' ').includes('openid')) throw new SettingsError('OIDC_SCOPES: "openid" has to be among them.');
  return {
    issuer: url,
    clientId,
    clientSecret: settings.OIDC_CLIENT_SECRET ?? null,
    scopes,
    roleClaim: settings.OIDC_ROLE_CLAIM,
    roles: settings.OIDC_ROLES ?? new Map(roles.map((role) => [role, role])),
    button: settings.OIDC_BUTTON,
    redirectUri: new URL('/login/oidc/callback', consoleUrl),
  };
}
