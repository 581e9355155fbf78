/**
 * Row `backlog`: what submits, jobs, polls and lists cost behind many jobs of many tenants, against the same without a backlog.
 * There are two installations, each with its own Redis. A worker runs only while jobs are measured.
 */
import { API_KEY } from '../../load/request.ts';
import { type Bed, withBed } from '../bed/bed.ts';
import { authorized, HoldfastBed } from '../bed/holdfast.ts';
import { takeHttpTurn } from '../bed/http-turn.ts';
import type { BenchProcess } from '../bed/processes.ts';
import { startLoad } from '../bed/subjects.ts';
import { chatBody, getRequest, kilobyteBody, postRequest, submitRequest } from '../bed/submissions.ts';
import { alternate, type Curve, type Figure, type Row, ratio, type Scale, type Turn } from '../row.ts';
import { drainHoldfast } from './jobs.ts';

interface Size {
  backlog: number;
  tenants: number;
  /** In one turn. */
  jobs: number;
  warmUp: number;
  ms: number;
}

function sizeOf({ quick, long }: Scale): Size {
  if (quick) return { backlog: 10_000, tenants: 1_000, jobs: 1_500, warmUp: 500, ms: 700 };
  return { backlog: long ? 1_000_000 : 100_000, tenants: 10_000, jobs: 4_000, warmUp: 1_000, ms: 2_000 };
}

/** Makes tenants. @returns an API key of each */
async function makeTenants(holdfast: HoldfastBed, count: number): Promise<string[]> {
  const admin = await holdfast.startConsole();
  const keys: string[] = [];
  const makeOne = async (at: number) => {
    const tenant = `/admin/v1/tenants/tenant-${at}`;
    await admin('PUT', tenant, { limits: {} });
    const { key } = (await admin('POST', `${tenant}/keys`, { scopes: ['submit', 'read'] })) as { key: string };
    keys.push(key);
  };
  for (let at = 0; at < count; at += 20) {
    await Promise.all(Array.from({ length: Math.min(20, count - at) }, (_, next) => makeOne(at + next)));
  }
  return keys;
}

class Installation {
  readonly #load: BenchProcess;
  readonly #holdfast: HoldfastBed;
  readonly #size: Size;
  /** API keys of the tenants whose jobs are in the backlog. Empty: all jobs of a turn belong to one tenant. */
  #apiKeys: string[] = [];
  #polls: string[] = [];

  private constructor(load: BenchProcess, holdfast: HoldfastBed, size: Size) {
    this.#load = load;
    this.#holdfast = holdfast;
    this.#size = size;
  }

  static async start(bed: Bed, load: BenchProcess, size: Size): Promise<Installation> {
    const holdfast = await HoldfastBed.start(bed, { redis: await bed.redis() });
    const made = new Installation(load, holdfast, size);
    const ids = await holdfast.submit(load, [submitRequest(kilobyteBody())], 100);
    // The jobs are cancelled. So a poll finds the same in both installations, whatever else runs there.
    const cancels = ids.map((id) => postRequest(`/v1/jobs/${id}/cancel`));
    await load.ask({ port: holdfast.api.port, connections: 1, requests: cancels, until: { count: ids.length } });
    made.#polls = ids.map((id) => getRequest(`/v1/jobs/${id}`, authorized));
    return made;
  }

  /** Adds jobs to the backlog, evenly over the tenants. */
  async fill(count: number): Promise<void> {
    if (this.#apiKeys.length === 0) this.#apiKeys = await makeTenants(this.#holdfast, this.#size.tenants);
    const request = submitRequest(chatBody('Say something.'), undefined, { authorization: `Bearer ${API_KEY}` });
    for (let done = 0; done < count; done += 20_000) {
      await this.#holdfast.submit(this.#load, [request], Math.min(20_000, count - done), this.#apiKeys);
    }
  }

  async takeTurn(): Promise<Turn> {
    const { redis, api } = this.#holdfast;
    const http = (requests: string[], connections = 64) => {
      const command = { connections, requests, until: { ms: this.#size.ms } };
      return takeHttpTurn(this.#load, { ...api, redis }, command);
    };
    const submits = await http([submitRequest(kilobyteBody())]);
    const polls = await http(this.#polls);
    const lists = await http([getRequest('/v1/jobs?limit=20', authorized)], 16);
    const jobs = await this.#drain();
    return {
      ...named('submit', submits),
      ...named('poll', polls),
      ...named('list', lists),
      ...named('job', jobs),
    };
  }

  async #drain(): Promise<Turn> {
    const { jobs, warmUp } = this.#size;
    if (this.#apiKeys.length > 0) {
      await this.fill(jobs);
      return drainHoldfast(this.#holdfast, { jobs, warmUp });
    }
    await this.#holdfast.submit(this.#load, [submitRequest(chatBody('Say something.'))], jobs);
    return drainHoldfast(this.#holdfast, { jobs, warmUp }, () => this.#holdfast.untilIdle());
  }
}

function named(name: string, { rate, cpuUs }: Turn): Turn {
  return { [`${name}Rate`]: rate ?? Number.NaN, [`${name}Us`]: cpuUs ?? Number.NaN };
}

/** Measures one turn at each size, up to the whole backlog. */
async function measureGrowth(installation: Installation, empty: Turn, { backlog }: Size): Promise<Curve> {
  const points = [{ x: 0, turn: empty }];
  for (const x of [backlog / 100, backlog / 10, backlog]) {
    await installation.fill(x - (points.at(-1)?.x ?? 0));
    points.push({ x, turn: await installation.takeTurn() });
  }
  const line = (subject: string, name: string) => ({
    subject,
    points: points.map(({ x, turn }) => ({ x, y: turn[name] ?? Number.NaN })),
  });
  return {
    name: 'cost-against-backlog',
    title: 'Cost against backlog',
    x: 'jobs that wait',
    y: 'µs of CPU',
    lines: [line('a submit: API and Redis', 'submitUs'), line('a job: worker and Redis', 'jobUs')],
  };
}

async function measure(scale: Scale) {
  const size = sizeOf(scale);
  return withBed(async (bed) => {
    const load = await startLoad(bed);
    const [none, full] = [await Installation.start(bed, load, size), await Installation.start(bed, load, size)];
    // A first turn that doesn't count: the processes compile their code.
    for (const installation of [none, full]) await installation.takeTurn();
    const curve = await measureGrowth(full, await none.takeTurn(), size);
    const subjects = { full: () => full.takeTurn(), none: () => none.takeTurn() };
    const measured = await alternate(subjects, scale.repetitions);
    const [jobs, tenants] = [size.backlog.toLocaleString('en'), size.tenants.toLocaleString('en')];
    return { load: `${jobs} jobs of ${tenants} tenants wait`, repetitions: measured, curves: [curve] };
  });
}

const figuresOf = (what: string, name: string): Figure[] => [
  {
    title: `${what}/s`,
    peer: 'no backlog',
    unit: ' ×',
    goal: { atLeast: 0.9 },
    of: ratio(`${name}Rate`, 'full', 'none'),
  },
  { title: `CPU of ${what}`, peer: 'no backlog', unit: ' ×', of: ratio(`${name}Us`, 'full', 'none') },
];

export const backlog: Row = {
  name: 'backlog',
  title: 'with a backlog',
  figures: [
    ...figuresOf('submits', 'submit'),
    ...figuresOf('jobs', 'job'),
    ...figuresOf('polls', 'poll'),
    ...figuresOf('lists', 'list'),
  ],
  measure,
};
