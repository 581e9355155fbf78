/** Who does something at the console. */
import type { Role } from '@holdfast/admin';
import type { Caller } from '@holdfast/core';
import type { Response } from '@holdfast/service/http';

/** The name of whoever has the admin key. No user can have it. */
export const ADMIN = 'admin';

export interface Actor {
  /** Name of the user, `admin`, or `<tenant>/<key id>` of a tenant's own key. */
  user: string;
  /** As of this request; null: a tenant's own key, which has none. */
  role: Role | null;
  /** null: the request has a key. */
  session: { id: string; expiresAt: number } | null;
  /** Set for a tenant's own API key with the scope `admin`. */
  tenantKey: Caller | null;
}

export function rememberActor(response: Response, actor: Actor): void {
  response.locals.actor = actor;
}

/** Whom `authenticate` has found. */
export function actorOf(response: Response): Actor {
  return response.locals.actor as Actor;
}
