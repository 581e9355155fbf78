/**
 * The archive's database. Connections are made when they are needed, so PostgreSQL may be away at the start and come later. The
 * schema is brought up to date before the first use.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@holdfast/core';
import { Pool, type PoolClient, type QueryResultRow } from 'pg';
import { isTableMissing, refusalOf } from './errors.ts';
import { migrate } from './migrate.ts';

export interface ArchiveOptions {
  /** `postgres://user:password@host:5432/database`, with `?sslmode=…` where needed. */
  url: string;
  /** Of the installation: several may share a database. */
  prefix: string;
  logger: Logger;
}

/** One connection, for the statements of a transaction. */
export interface Transaction {
  /** Throws what PostgreSQL refuses, and what the connection throws. */
  query<Row extends QueryResultRow>(text: string, values?: readonly unknown[]): Promise<Row[]>;
}

interface TransactionOptions {
  /** A statement that takes longer, in ms, fails. */
  statementTimeoutMs: number;
  readOnly?: boolean;
}

const CONNECT_WITHIN_MS = 5_000;
/** Both sides give up: a frozen client holds no lock for longer, and a frozen server no client. */
const IDLE_IN_TRANSACTION_MS = 60_000;
const ANSWER_WITHIN_MS = 90_000;
const CLOSE_WITHIN_MS = 2_000;
const MAX_CONNECTIONS = 4;

export class ArchiveDatabase {
  readonly prefix: string;
  readonly #pool: Pool;
  #prepared: Promise<void> | null = null;

  constructor({ url, prefix, logger }: ArchiveOptions) {
    this.prefix = prefix;
    this.#pool = new Pool({
      connectionString: url,
      max: MAX_CONNECTIONS,
      connectionTimeoutMillis: CONNECT_WITHIN_MS,
      query_timeout: ANSWER_WITHIN_MS,
      keepAlive: true,
      application_name: 'holdfast',
    });
    // Else the loss of a connection that just waits would end the process.
    this.#pool.on('connect', (client) => void client.on('error', () => undefined));
    // Of a connection that nobody uses: whoever needs it next gets another one, or the error.
    this.#pool.on('error', (error) => logger.debug({ error }, 'a connection to the archive was lost'));
  }

  /**
   * Brings the schema up to date, once. Whoever uses the archive gets its errors, too, and tries again.
   * @throws MisconfigurationError where only an operator can help; what the connection throws
   */
  async prepare(): Promise<void> {
    this.#prepared ??= this.#connected((client) => migrate(client)).catch((error: unknown) => {
      this.#prepared = null;
      throw refusalOf(error) ?? error;
    });
    await this.#prepared;
  }

  /** Runs `work` in a transaction. After an error nothing of it is there, unless the connection broke during the commit. */
  async transaction<Result>(
    { statementTimeoutMs, readOnly = false }: TransactionOptions,
    work: (transaction: Transaction) => Promise<Result>,
  ): Promise<Result> {
    await this.prepare();
    const inTransaction = this.#connected(async (client) => {
      // For this transaction alone, so that a pooler between the two may give the connection to others.
      await client.query(
        `BEGIN ${readOnly ? 'READ ONLY' : ''}; SET LOCAL statement_timeout = ${statementTimeoutMs}; ` +
          `SET LOCAL idle_in_transaction_session_timeout = ${IDLE_IN_TRANSACTION_MS}`,
      );
      const result = await work(transactionOf(client));
      await client.query('COMMIT');
      return result;
    });
    return inTransaction.catch((error: unknown) => {
      // Another database has taken its place: the next use makes the tables anew.
      if (isTableMissing(error)) this.#prepared = null;
      throw error;
    });
  }

  /** Waits a moment for what is under way. */
  async close(): Promise<void> {
    await Promise.race([this.#pool.end(), delay(CLOSE_WITHIN_MS, undefined, { ref: false })]);
  }

  async #connected<Result>(work: (client: PoolClient) => Promise<Result>): Promise<Result> {
    const client = await this.#pool.connect();
    try {
      const result = await work(client);
      client.release();
      return result;
    } catch (error) {
      // A closed connection rolls its transaction back, whatever state that was in.
      client.release(true);
      throw error;
    }
  }
}

function transactionOf(client: PoolClient): Transaction {
  return {
    async query<Row extends QueryResultRow>(text: string, values: readonly unknown[] = []) {
      const { rows } = await client.query<Row>(text, [...values]);
      return rows;
    },
  };
}
