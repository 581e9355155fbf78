/**
 * The audit log, in Redis. An act is written in two steps:
 *
 *   1. begin   before anything is done. If that fails, the act is refused: what isn't written doesn't happen
 *   2. end     adds how it ended, and what is known only then. A crash in between leaves an entry without an outcome
 *
 * Entries are kept for 400 days, and at most 100,000 of them: the oldest go. Neither prompts, answers nor keys are in it.
 */
import { randomBytes } from 'node:crypto';
import type { AuditAction, AuditEntry } from '@holdfast/admin';
import { type JsonObject, type Logger, RequestError } from '@holdfast/core';
import { type Redis, redisTime } from '@holdfast/redis';
import { auditKeys } from '../keys.ts';

const KEPT_MS = 400 * 86_400_000;
/** Of acts, and of refused logins. */
const MAX_ENTRIES = { acts: 100_000, refused: 10_000 };
/** Entries that one process adds before it looks for entries to remove, and how many it removes at once. */
const TRIM_EVERY = 50;
const TRIM_AT_ONCE = 1_000;
/** How many entries are read at once, and for one page: a filter that matches nothing must not read all of them. */
const CHUNK = 200;
const MAX_READ = 5_000;

type Book = keyof ReturnType<typeof auditKeys>;

export interface NewEntry {
  user: string;
  role: string | null;
  action: AuditAction;
  target: string | null;
  tenant: string | null;
  details: JsonObject;
  address: string | null;
}

export interface OpenEntry extends NewEntry {
  id: string;
}

/** What is known only when the act is over. */
export interface EntryEnd {
  target?: string | null;
  tenant?: string | null;
  details?: JsonObject;
}

export interface AuditQuery {
  limit: number;
  cursor?: string | undefined;
  user?: string | undefined;
  action?: AuditAction | undefined;
  target?: string | undefined;
}

interface AuditLogOptions {
  redis: Redis;
  prefix: string;
  logger: Pick<Logger, 'warn'>;
  maxEntries?: Record<Book, number>;
}

export class AuditLog {
  readonly #options: AuditLogOptions;
  readonly #maxEntries: Record<Book, number>;
  readonly #keys: ReturnType<typeof auditKeys>;
  readonly #added: Record<Book, number> = { acts: 0, refused: 0 };

  constructor(options: AuditLogOptions) {
    this.#options = options;
    this.#maxEntries = options.maxEntries ?? MAX_ENTRIES;
    this.#keys = auditKeys(options.prefix);
  }

  /** @throws RequestError `store_unavailable`: nothing may be done then */
  async begin(entry: NewEntry): Promise<OpenEntry> {
    try {
      return await this.#add('acts', entry, null);
    } catch (error) {
      throw new RequestError('store_unavailable', 'The audit log can’t be written, so nothing was done.', {
        cause: error,
        retryAfterMs: 1_000,
      });
    }
  }

  /** @param outcome `done`, or the code of an error. A failure is logged: the act has happened. */
  async end(open: OpenEntry, outcome: string, end: EntryEnd = {}): Promise<void> {
    const { id, ...begun } = open;
    const details = { ...begun.details, ...end.details };
    const { target = begun.target, tenant = begun.tenant } = end;
    const entry = { ...begun, target, tenant, details, outcome };
    await this.#options.redis.hset(this.#keys.acts.entries, id, JSON.stringify(entry)).catch((error: unknown) => {
      this.#options.logger.warn({ error, auditId: id, outcome }, 'the audit log lacks the outcome of an act');
    });
  }

  /** Stores a refused login. A failure is logged. */
  async refusedLogin(address: string, why: string): Promise<void> {
    const entry: NewEntry = {
      user: '',
      role: null,
      action: 'login.refused',
      target: null,
      tenant: null,
      details: {},
      address,
    };
    await this.#add('refused', entry, why).catch((error: unknown) => {
      this.#options.logger.warn({ error }, 'the audit log lacks a refused login');
    });
  }

  /** A page, newest first. */
  async read({ limit, cursor, ...filter }: AuditQuery): Promise<{ data: AuditEntry[]; next: string | null }> {
    if (cursor !== undefined && !/^[0-9a-z]{9}-[0-9a-f]{16}$/.test(cursor)) throw wrongCursor();
    const data: AuditEntry[] = [];
    let before = cursor;
    for (let read = 0; read < MAX_READ; ) {
      const entries = await this.#readBefore(before);
      for (const { id, entry } of entries) {
        if (entry && matches(entry, filter)) {
          if (data.length === limit) return { data, next: before ?? null };
          data.push(entry);
        }
        before = id;
      }
      if (entries.length < CHUNK) return { data, next: null };
      read += entries.length;
    }
    return { data, next: before ?? null };
  }

  async #add(book: Book, entry: NewEntry, outcome: string | null): Promise<OpenEntry> {
    const { redis } = this.#options;
    const { ids, entries } = this.#keys[book];
    const nowMs = await redisTime(redis);
    const id = idOf(nowMs, randomBytes(8).toString('hex'));
    await Promise.all([redis.hset(entries, id, JSON.stringify({ ...entry, outcome })), redis.zadd(ids, 0, id)]);
    this.#added[book] += 1;
    if (this.#added[book] % TRIM_EVERY === 1) await this.#trim(book, nowMs);
    return { ...entry, id };
  }

  async #trim(book: Book, nowMs: number): Promise<void> {
    const { redis } = this.#options;
    const { ids, entries } = this.#keys[book];
    const tooMany = (await redis.zcard(ids)) - this.#maxEntries[book];
    const surplus = tooMany > 0 ? await redis.zrange(ids, 0, `${Math.min(tooMany, TRIM_AT_ONCE) - 1}`) : [];
    const old = await redis.zrangebylex(ids, '-', `(${idOf(nowMs - KEPT_MS, '')}`, 'LIMIT', 0, TRIM_AT_ONCE);
    const over = [...new Set([...surplus, ...old])];
    if (over.length === 0) return;
    // The content first: an id without an entry is skipped, and found again by the next trim.
    await redis.hdel(entries, ...over);
    await redis.zrem(ids, ...over);
  }

  /** The next entries of both books, in the order of time. */
  async #readBefore(before: string | undefined): Promise<{ id: string; entry: AuditEntry | null }[]> {
    const { redis } = this.#options;
    const max = before === undefined ? '+' : `(${before}`;
    const books = Object.values(this.#keys);
    const found = await Promise.all(
      books.map(async (keys) => {
        const ids = await redis.zrevrangebylex(keys.ids, max, '-', 'LIMIT', 0, CHUNK);
        return ids.map((id) => ({ id, entries: keys.entries }));
      }),
    );
    const next = found
      .flat()
      .sort((a, b) => (a.id > b.id ? -1 : 1))
      .slice(0, CHUNK);
    return Promise.all(
      next.map(async ({ id, entries }) => {
        const stored = await redis.hget(entries, id);
        return { id, entry: stored === null ? null : entryOf(id, stored) };
      }),
    );
  }
}

/** Sorts by time. */
function idOf(ms: number, suffix: string): string {
  return `${ms.toString(36).padStart(9, '0')}-${suffix}`;
}

function entryOf(id: string, stored: string): AuditEntry {
  const at = new Date(Number.parseInt(id.slice(0, 9), 36)).toISOString();
  return { id, at, ...(JSON.parse(stored) as Omit<AuditEntry, 'id' | 'at'>) };
}

function matches(entry: AuditEntry, { user, action, target }: Omit<AuditQuery, 'limit' | 'cursor'>): boolean {
  return (
    (user === undefined || entry.user === user) &&
    (action === undefined || entry.action === action) &&
    (target === undefined || entry.target === target)
  );
}

function wrongCursor(): RequestError {
  return new RequestError('invalid_cursor', 'cursor: expected the `next_cursor` of a page of the audit log.', {
    param: 'cursor',
  });
}
