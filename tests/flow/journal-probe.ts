/** A look at a stack's journals past the API, and the start of what a test then breaks. */
import { formatEvent, type JobEvent, type Logger } from '@holdfast/core';
import { Journal } from '@holdfast/journal';
import { LaneQueues } from '@holdfast/queue';
import { connectRedis, disconnectRedis, type Redis, untilReady } from '@holdfast/redis';
import { journalFaults } from './journal-faults.ts';
import { type Stack, until } from './stack.ts';

export const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

export class JournalProbe {
  readonly journal: Journal;
  readonly queue: LaneQueues;
  readonly redis: Redis;
  readonly #prefix: string;

  private constructor(redis: Redis, prefix: string) {
    this.redis = redis;
    this.#prefix = prefix;
    this.journal = new Journal({ redis, prefix, retentionMs: 600_000 });
    this.queue = new LaneQueues({ redis, prefix, onError: () => undefined });
  }

  /** @param redisUrl default: the stack's */
  static async open({ env, prefix }: Stack, redisUrl = String(env.REDIS_URL)): Promise<JournalProbe> {
    const redis = connectRedis(redisUrl, 'worker', silent);
    await untilReady(redis, 5_000);
    return new JournalProbe(redis, prefix);
  }

  async log(jobId: string): Promise<string> {
    return (await this.redis.get(this.journal.keysOf(jobId).log)) ?? '';
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
  async streaming(jobId: string, attempt = 1, ms = 15_000): Promise<void> {
    await until(
      `attempt ${attempt} of ${jobId} streams`,
      async () => {
        const [, text = ''] = (await this.log(jobId)).split(`{"attempt":${attempt},`);
        return (text.match(/^event: text\.delta$/gm)?.length ?? 0) >= 3;
      },
      ms,
    );
  }

  /** Waits until all of these have completed. */
  async completed(jobIds: readonly string[], ms: number): Promise<void> {
    const open = new Set(jobIds);
    await until(
      'all have completed',
      async () => {
        for (const id of open) if ((await this.field(id, 'status')) === 'completed') open.delete(id);
        return open.size === 0;
      },
      ms,
    );
  }

  /** How many jobs are listed as open. */
  openJobs(): Promise<number> {
    return this.redis.zcard(`${this.#prefix}:open`);
  }

  /** Deletes all that BullMQ knows. */
  async dropQueue(): Promise<void> {
    const keys = await this.redis.keys(`{${this.#prefix}-queue}:*`);
    if (keys.length === 0) throw new Error('the queue has no keys');
    await this.redis.del(...keys);
  }

  async close(): Promise<void> {
    await this.queue.close();
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
