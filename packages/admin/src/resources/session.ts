/** Logging in, and the users of the console. */
import { z } from 'zod';
import { roles } from '../roles.ts';
import { listOf, time } from '../shapes.ts';

const roleSchema = z.enum(roles);

export const sessionSchema = z
  .object({
    user: z.string().meta({ description: 'Name of the user; `admin` for the admin key.' }),
    role: roleSchema,
    expires_at: time
      .nullable()
      .meta({ description: 'When it ends, however much it is used; null: the request has a key, and no session.' }),
    csrf_token: z.string().meta({
      description: 'Send as `X-CSRF-Token` with every request that changes something. Empty: the request has a key.',
    }),
  })
  .meta({ id: 'Session' });
export type Session = z.infer<typeof sessionSchema>;

export const loginSchema = z
  .strictObject({ key: z.string().min(1).max(400).meta({ description: 'The admin key, or the key of a user.' }) })
  .meta({ id: 'Login' });

/** Asked before anybody has logged in, so it tells nothing else. */
export const loginWaysSchema = z
  .object({
    oidc: z.string().nullable().meta({
      description: 'What the button of single sign-on says; it leads to `/login/oidc`. null: there is none.',
    }),
    oidc_problem: z.string().nullable().meta({ description: 'Why single sign-on does not work now; null: it does.' }),
  })
  .meta({ id: 'LoginWays' });

const userName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._@+-]{0,127}$/, 'lower-case letters, digits and ". _ @ + -", at most 128 characters');

export const userSchema = z
  .object({
    name: z.string(),
    role: roleSchema,
    login: z.enum(['key', 'oidc']).meta({
      description: '`oidc`: made at the login by single sign-on, which sets the role again each time.',
    }),
    created_at: time,
    last_login_at: time.nullable(),
  })
  .meta({ id: 'User' });
export type User = z.infer<typeof userSchema>;
export const userListSchema = listOf(userSchema, 'UserList');

export const newUserSchema = z.strictObject({ name: userName, role: roleSchema }).meta({ id: 'NewUser' });

export const userChangeSchema = z.strictObject({ role: roleSchema }).meta({ id: 'UserChange' });

/** A user's key is shown once, here. */
export const madeUserSchema = userSchema.extend({ key: z.string() }).meta({ id: 'MadeUser' });
