/**
 * Names of the console's own Redis keys. Sessions, keys of users and addresses appear as digests.
 *
 *   name                                        type    holds                                        time to live
 *   <prefix>:console:session:<digest>           string  whose it is and when it ends (JSON)          2 h after its last use
 *   <prefix>:console:oidc:<digest>              string  a login that has begun at the provider (JSON)  10 min
 *   <prefix>:console:users                      hash    name of a user → what never changes (JSON)   none
 *   <prefix>:console:user-states                hash    id of a user → role, and last login          none
 *   <prefix>:console:user-keys                  hash    digest of a user's key → name                none
 *   <prefix>:console:login:<minute>:<digest>    string  attempts of one address, or with one key     2 min
 *   <prefix>:audit                              zset    ids of audit entries, in order of time       100,000, or 400 days
 *   <prefix>:audit:entries                      hash    id → the entry (JSON)                        with its id
 *   <prefix>:audit:refused  …:refused:entries           the same of refused logins                   10,000, or 400 days
 */
export function sessionKey(prefix: string, digest: string): string {
  return `${prefix}:console:session:${digest}`;
}

export function pendingLoginKey(prefix: string, digest: string): string {
  return `${prefix}:console:oidc:${digest}`;
}

export function userKeys(prefix: string): Record<'users' | 'states' | 'byDigest', string> {
  const base = `${prefix}:console:user`;
  return { users: `${base}s`, states: `${base}-states`, byDigest: `${base}-keys` };
}

export function loginAttemptsKey(prefix: string, minute: number, digest: string): string {
  return `${prefix}:console:login:${minute}:${digest}`;
}

/** Refused logins are apart, so that a stranger who guesses can't push the acts of users out. */
export function auditKeys(prefix: string): Record<'acts' | 'refused', { ids: string; entries: string }> {
  return {
    acts: { ids: `${prefix}:audit`, entries: `${prefix}:audit:entries` },
    refused: { ids: `${prefix}:audit:refused`, entries: `${prefix}:audit:refused:entries` },
  };
}
