/** A look at a stack's journals past the API, and the start of what a test then breaks. */
import { Cell } from '@holdfast/cell';
import { formatEvent, type JobEvent, type Logger } from '@holdfast/core';
import { Journal } from '@holdfast/journal';
import { BullQueues, type FairScheduler, LaneQueues, type PageEnd } from '@holdfast/queue';
import { connectRedis, disconnectRedis, type Redis, untilReady } from '@holdfast/redis';
import { readLog } from '../../packages/journal/src/read/read-log.ts';
import { journalFaults } from './journal-faults.ts';
import { type Stack, until } from './stack.ts';

export const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

export class JournalProbe {
  readonly journal: Journal;
  readonly cell: Cell;
  readonly bull: BullQueues;
  readonly queue: LaneQueues;
  readonly redis: Redis;

  private constructor(redis: Redis, prefix: string) {
    this.redis = redis;
    this.cell = new Cell({ redis, prefix, retentionMs: 600_000 });
    this.journal = new Journal(this.cell);
    this.bull = new BullQueues(this.cell, () => undefined);
    this.queue = new LaneQueues({ cell: this.cell, ready: this.bull, onError: () => undefined });
  }

  /** @param redisUrl default: the stack's */
  static async open({ env, prefix }: Stack, redisUrl = String(env.REDIS_URL)): Promise<JournalProbe> {
    const redis = connectRedis(redisUrl, 'worker', silent);
    await untilReady(redis, 60_000);
    return new JournalProbe(redis, prefix);
  }

  async log(jobId: string): Promise<string> {
    const pieces: Buffer[] = [];
    for await (const piece of readLog(this.journal, jobId, 0)) pieces.push(piece);
    return Buffer.concat(pieces).toString();
  }

  async field(jobId: string, name: string): Promise<string | null> {
    return this.redis.hget(this.journal.keysOf(jobId).record, name);
  }

  /** Faults of all these journals, each with its job. */
  async faults(jobIds: readonly string[]): Promise<string[]> {
    const all = await Promise.all(
      jobIds.map(async (id) => journalFaults(await this.log(id)).map((fault) => `${id}: ${fault}`)),
    );
    return all.flat();
  }

  /** How many events of this type the journal has. */
  async count(jobId: string, type: string): Promise<number> {
    return (await this.log(jobId)).split(`\nevent: ${type}\n`).length - 1;
  }

  /** Waits until a worker is in the middle of the job: `attempt` has begun and text has come of it. */
  async streaming(jobId: string, attempt = 1): Promise<void> {
    await until(`attempt ${attempt} of ${jobId} streams`, async () => {
      const [, text = ''] = (await this.log(jobId)).split(`{"attempt":${attempt},`);
      return (text.match(/^event: text\.delta$/gm)?.length ?? 0) >= 3;
    });
  }

  /** Waits until all of these have completed. */
  async completed(jobIds: readonly string[]): Promise<void> {
    const open = new Set(jobIds);
    await until('all have completed', async () => {
      for (const id of open) if ((await this.field(id, 'status')) === 'completed') open.delete(id);
      return open.size === 0;
    });
  }

  /** As the maintenance of a worker does: places again what the scheduler has lost. @returns how many jobs that were */
  async repair(): Promise<number> {
    let placed = 0;
    for (let end: PageEnd | undefined; end !== null; ) {
      const page: Awaited<ReturnType<FairScheduler['repair']>> = await this.queue.scheduler.repair(end ?? null, 50);
      placed += page.placed;
      this.queue.dispatch(...page.lanes);
      end = page.end;
    }
    return placed;
  }

  /** How many jobs are listed as open. */
  openJobs(): Promise<number> {
    return this.redis.zcard(this.cell.keys.open);
  }

  /** How many jobs a tenant's list names. */
  listedJobs(tenant = 'default'): Promise<number> {
    return this.redis.zcard(this.cell.keys.tenantJobs(tenant));
  }

  /** Deletes all that BullMQ and the scheduler know. */
  async dropQueue(): Promise<void> {
    const { base, bull } = this.cell.keys;
    const found = await Promise.all([`${base}sched:*`, `${bull}:*`].map((pattern) => this.redis.keys(pattern)));
    if (found.some((keys) => keys.length === 0)) throw new Error('the queue has no keys');
    await this.redis.del(...found.flat());
  }

  async close(): Promise<void> {
    await this.queue.close();
    await this.bull.close();
    await disconnectRedis(this.redis);
  }
}

/** What an attached client was given, from the first event to the end. */
export interface Followed {
  /** The events, written as a journal writes them. */
  log: string;
  events: JobEvent[];
  text: string;
  /** How often the connection broke. */
  breaks: number;
}

/** Attaches with the client package and stays to the end. `seen` fills as the events come. */
export async function follow(
  client: Stack['client'],
  jobId: string,
  seen: Followed = { log: '', events: [], text: '', breaks: 0 },
): Promise<Followed> {
  const onReconnect = () => {
    seen.breaks += 1;
  };
  for await (const { event, text } of client.stream(jobId, { onReconnect })) {
    seen.events.push(event);
    seen.text = text;
    seen.log += formatEvent(event.seq, event.type, event.data);
  }
  return seen;
}
