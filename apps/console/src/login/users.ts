/**
 * Users of the console. An admin makes them with a key, or they come through single sign-on (`login: 'oidc'`). Of a key only its
 * HMAC with the admin key is stored: a copy of Redis opens nothing, and a new admin key ends all keys of users.
 *
 * The entry by name decides whether a user exists. Role and last login are beside it, by an id that no other user ever has: a change
 * that is late can't bring a removed user back. The digest of the key leads to the name.
 */
import { createHmac, randomBytes, randomInt } from 'node:crypto';
import type { Role, User } from '@holdfast/admin';
import { RequestError } from '@holdfast/core';
import type { Redis } from '@holdfast/redis';
import { ADMIN } from '../access/actor.ts';
import { userKeys } from '../keys.ts';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const USER_KEY = /^holdc_[0-9A-Za-z]{12}_[0-9A-Za-z]{32}$/;

/** As Redis has it, by its name. */
interface StoredUser {
  login: User['login'];
  created_at: string;
  /** Tells users apart that had the same name one after the other: a session belongs to one of them. */
  madeAs: string;
  /** Of its key; null: it has none. */
  digest: string | null;
}

export interface KnownUser extends User {
  madeAs: string;
}

export interface Users {
  /** All of them, by name. */
  list(): Promise<User[]>;
  find(name: string): Promise<KnownUser | null>;
  findByKey(presented: string): Promise<KnownUser | null>;
  /** @returns the user with its key, which can't be read again. @throws RequestError `user_exists` */
  create(name: string, role: Role): Promise<User & { key: string }>;
  /** Makes the user of a single sign-on, or gives it this role. @throws RequestError `user_exists` for the name of a user with a key */
  admit(name: string, role: Role): Promise<KnownUser>;
  /** Counts from its next request. null: there is no such user */
  change(name: string, role: Role): Promise<User | null>;
  /** Ends its key and its sessions at once. @returns whether there was such a user */
  remove(name: string): Promise<boolean>;
  /** Stores that it has just logged in. */
  loggedIn(user: Pick<KnownUser, 'madeAs'>): Promise<void>;
}

interface UsersOptions {
  redis: Redis;
  prefix: string;
  adminKey: string;
}

const randomText = (length: number) => Array.from({ length }, () => BASE62[randomInt(62)]).join('');
const roleField = (madeAs: string) => `${madeAs}:role`;
const loginField = (madeAs: string) => `${madeAs}:last_login`;

function shown({ name, role, login, created_at, last_login_at }: KnownUser): User {
  return { name, role, login, created_at, last_login_at };
}

function newUser(login: User['login'], digest: string | null): StoredUser {
  return { login, created_at: new Date().toISOString(), madeAs: randomBytes(9).toString('base64url'), digest };
}

/** The entries of users, by their names. */
class StoredUsers {
  readonly #redis: Redis;
  readonly keys: ReturnType<typeof userKeys>;

  constructor(redis: Redis, prefix: string) {
    this.#redis = redis;
    this.keys = userKeys(prefix);
  }

  async read(name: string): Promise<StoredUser | null> {
    const stored = await this.#redis.hget(this.keys.users, name);
    return stored === null ? null : (JSON.parse(stored) as StoredUser);
  }

  async list(): Promise<KnownUser[]> {
    const all = Object.entries(await this.#redis.hgetall(this.keys.users));
    return Promise.all(all.map(([name, stored]) => this.withState(name, JSON.parse(stored) as StoredUser)));
  }

  async withState(name: string, { login, created_at, madeAs }: StoredUser): Promise<KnownUser> {
    const [role, last] = await this.#redis.hmget(this.keys.states, roleField(madeAs), loginField(madeAs));
    return { name, role: (role ?? 'viewer') as Role, login, created_at, last_login_at: last ?? null, madeAs };
  }

  /** @returns whether the name was free */
  async add(name: string, role: Role, user: StoredUser): Promise<boolean> {
    if (name === ADMIN) return false;
    await this.#redis.hset(this.keys.states, roleField(user.madeAs), role);
    if ((await this.#redis.hsetnx(this.keys.users, name, JSON.stringify(user))) === 1) return true;
    await this.#redis.hdel(this.keys.states, roleField(user.madeAs));
    return false;
  }

  async change(name: string, role: Role): Promise<KnownUser | null> {
    const stored = await this.read(name);
    if (stored === null) return null;
    await this.#redis.hset(this.keys.states, roleField(stored.madeAs), role);
    return this.withState(name, stored);
  }
}

export function createUsers({ redis, prefix, adminKey }: UsersOptions): Users {
  const stored = new StoredUsers(redis, prefix);
  const { users, states, byDigest } = stored.keys;
  const digestOf = (key: string) => createHmac('sha256', adminKey).update(`user:${key}`).digest('hex');

  return {
    async find(name) {
      const user = await stored.read(name);
      return user && stored.withState(name, user);
    },
    list: async () => (await stored.list()).map(shown).sort((a, b) => (a.name < b.name ? -1 : 1)),
    async findByKey(presented) {
      if (!USER_KEY.test(presented)) return null;
      const digest = digestOf(presented);
      const name = await redis.hget(byDigest, digest);
      const user = name === null ? null : await stored.read(name);
      // An earlier user of this name had another key.
      return name !== null && user?.digest === digest ? stored.withState(name, user) : null;
    },
    async create(name, role) {
      const key = `holdc_${randomText(12)}_${randomText(32)}`;
      const user = newUser('key', digestOf(key));
      if (!(await stored.add(name, role, user))) throw userExists(name);
      await redis.hset(byDigest, digestOf(key), name);
      return { name, role, login: 'key', created_at: user.created_at, last_login_at: null, key };
    },
    async admit(name, role) {
      await stored.add(name, role, newUser('oidc', null));
      if ((await stored.read(name))?.login !== 'oidc') throw userExists(name);
      const user = await stored.change(name, role);
      // Removed meanwhile: the next login makes it again.
      if (user === null) throw new RequestError('unauthenticated', 'This user was removed just now. Log in again.');
      return user;
    },
    async change(name, role) {
      const user = await stored.change(name, role);
      return user && shown(user);
    },
    async remove(name) {
      const user = await stored.read(name);
      if (user === null || (await redis.hdel(users, name)) === 0) return false;
      await redis.hdel(states, roleField(user.madeAs), loginField(user.madeAs));
      if (user.digest !== null) await redis.hdel(byDigest, user.digest);
      return true;
    },
    loggedIn: async ({ madeAs }) => void (await redis.hset(states, loginField(madeAs), new Date().toISOString())),
  };
}

function userExists(name: string): RequestError {
  const message =
    name === ADMIN
      ? `name: "${ADMIN}" is whoever has the admin key. Take another name.`
      : `name: there is a user "${name}" already. Take another name, or remove that user first.`;
  return new RequestError('user_exists', message, { param: 'name' });
}
