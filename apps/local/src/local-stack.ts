/**
 * All that `npm start` runs, from the first process to the last.
 *
 * Start: 1. ports, keys, data directory  2. Redis, PostgreSQL and the simulator  3. API, console and workers  4. the banner.
 *        With the user's own Redis the API starts before the others: an error of that Redis is then shown once.
 * Stop:  1. workers, so that they can store their events  2. API, console and simulator  3. Redis and PostgreSQL.
 */
import { join } from 'node:path';
import type { Progress } from '../progress.mjs';
import { banner } from './banner.ts';
import type { Config } from './config.ts';
import { type Keys, provideKeys } from './keys.ts';
import { findPostgres } from './postgres/find-postgres.ts';
import { postgresService } from './postgres/postgres-service.ts';
import { postgresUrl } from './postgres/start-postgres.ts';
import { type ClaimedPort, choosePort } from './process/ports.ts';
import { claimHome, type ProgramHome } from './process/program-home.ts';
import { showLines } from './process/show-lines.ts';
import { type Service, SupervisedProcess } from './process/supervise.ts';
import { findRedis } from './redis/find-redis.ts';
import { probeRedis } from './redis/probe-redis.ts';
import { redisService } from './redis/redis-service.ts';
import { packageCache } from './redis/start-redis.ts';
import { httpService, loggingService, type ServiceOptions } from './services.ts';

/** A developer waits for this. Workers that need longer lose nothing: their jobs go on at the next start. */
const STOP_GRACE_MS = 10_000;

interface Ports {
  api: ClaimedPort;
  console: ClaimedPort;
  simulator: ClaimedPort;
}

/** The order in which processes have ports for their metrics; those of the workers follow. */
const METRICS_ORDER = ['api', 'console'];

/** The API's address once everything runs, and a key for it. */
export interface StackAddress {
  apiUrl: string;
  apiKey: string;
}

type Layer = 'stores' | 'services' | 'workers';

/** A process that has loaded the user's tasks, and is restarted when they change. */
interface Restartable {
  layer: 'services' | 'workers';
  service: Service;
}

export class LocalStack {
  readonly #config: Config;
  /** The folder with `apps/` and `packages/`. */
  readonly #root: string;
  readonly #progress: Progress;
  readonly #write: (line: string) => void;
  readonly #layers: Record<Layer, SupervisedProcess[]> = { stores: [], services: [], workers: [] };
  readonly #claimed: { release(): void }[] = [];
  readonly #restartable: Restartable[] = [];
  /** The environment of the processes. */
  #serviceEnv: NodeJS.ProcessEnv;
  #stopping = false;

  /** @param progress shows the two steps of a start, and the lines of the processes */
  constructor(config: Config, root: string, progress: Progress) {
    this.#config = config;
    this.#serviceEnv = config.env;
    this.#root = root;
    this.#progress = progress;
    this.#write = (line) => progress.say(line);
  }

  /**
   * Starts everything, and prints the banner once all services answer.
   * @throws Error that says what failed. Processes that were started still run then: call `stop`.
   */
  async start(): Promise<StackAddress> {
    const config = this.#config;
    for (const warning of config.warnings) this.#write(`Warning: ${warning}`);
    const keys = provideKeys(config.dataDir, { bootstrap: config.bootstrapKey, admin: config.adminKey });
    const ports = await this.#choosePorts();
    const env = await this.#progress.step(this.#storeTitle(), () => this.#startStore(keys, ports));
    await this.#progress.step('Starting the API, the console and the workers', () => this.#startServices(ports, env));
    for (const line of this.#banner(keys, ports)) this.#write(line);
    return { apiUrl: `http://127.0.0.1:${ports.api.number}`, apiKey: keys.bootstrap };
  }

  #storeTitle(): string {
    const redis = this.#config.redisUrl === null ? 'Starting Redis' : 'Looking for Redis at REDIS_URL';
    if (!this.#config.useSimulator) return redis;
    return this.#config.redisUrl === null ? `${redis} and the simulator` : `${redis}, starting the simulator`;
  }

  /** Starts Redis, what else was asked for, and the simulator where no provider is configured. @returns the environment of the processes that use them */
  async #startStore(keys: Keys, ports: Ports): Promise<ServiceOptions['env']> {
    const redis = await this.#startRedis();
    const archive = this.#config.hasLocalArchive ? await this.#startPostgres() : null;
    const env = () => this.#env(keys, ports, { redis: redis.url(), archive: archive?.url() });
    const { useSimulator } = this.#config;
    const simulator = useSimulator ? [this.#startHttp('simulator', 'packages/simulator', ports, '/healthz', env)] : [];
    await Promise.all([redis.up, archive?.up, ...simulator]);
    return env;
  }

  async #startServices(ports: Ports, env: ServiceOptions['env']): Promise<void> {
    const api = this.#startHttp('api', 'apps/api', ports, '/readyz', env);
    if (this.#config.redisUrl !== null) await api;
    await Promise.all([
      api,
      this.#startHttp('console', 'apps/console', ports, '/readyz', env),
      ...this.#startWorkers(env),
    ]);
  }

  /** Stops everything, in order. A later call with a shorter `graceMs` shortens the first call's wait. */
  async stop(graceMs = STOP_GRACE_MS): Promise<void> {
    this.#stopping = true;
    const { stores, services, workers } = this.#layers;
    for (const layer of [workers, services, stores]) {
      await Promise.all(layer.map((process) => process.stop(graceMs)));
    }
    for (const claimed of this.#claimed.splice(0)) claimed.release();
  }

  /**
   * Restarts API, console and workers, so that they load the config file and the tasks again. An old worker takes no further
   * job, and ends its running jobs as far as time allows; the new worker takes over the rest. The API answers again within
   * seconds. Resolves once the new processes are up.
   * @param env the environment of the processes, as `Config.env`
   * @throws Error when a process doesn't start. The next reload tries again.
   */
  async reload(env: NodeJS.ProcessEnv): Promise<void> {
    this.#serviceEnv = env;
    await Promise.all(this.#restartable.map((each) => this.#restart(each)));
  }

  async #restart({ layer, service }: Restartable): Promise<void> {
    const running = this.#layers[layer];
    const old = running.filter(({ name, state }) => name === service.name && state !== 'stopping');
    const stopped = Promise.all(old.map((process) => process.stop(STOP_GRACE_MS))).then(() => {
      this.#layers[layer] = this.#layers[layer].filter((process) => !old.includes(process));
    });
    // The new API has the same address, so the old one must end first. An old worker drains while the new one runs already.
    if (layer === 'services') await stopped;
    await this.#supervise(layer, service).up;
  }

  #supervise(layer: Layer, service: Service): SupervisedProcess {
    if (this.#stopping) throw new Error('Holdfast was stopped while it was starting');
    const supervised = new SupervisedProcess(service, this.#write);
    this.#layers[layer].push(supervised);
    return supervised;
  }

  async #choosePorts(): Promise<Ports> {
    const { api, console, simulator, host } = this.#config;
    const choose = async (variable: string, wanted: typeof api): Promise<ClaimedPort> => {
      const port = await choosePort(wanted, host, variable);
      this.#claimed.push(port);
      if (wanted.number !== 0 && port.number !== wanted.number) {
        this.#write(`Port ${wanted.number} is taken; using ${port.number} instead (${variable} sets it).`);
      }
      return port;
    };
    await this.#claimMetricsPorts();
    return {
      api: await choose('PORT', api),
      console: await choose('CONSOLE_PORT', console),
      simulator: await choose('SIMULATOR_PORT', simulator),
    };
  }

  /** Each process binds its own. A later claim by another Holdfast is refused, and so is a port that is taken now. */
  async #claimMetricsPorts(): Promise<void> {
    const { metrics, workers } = this.#config;
    if (metrics === null || metrics.port === 0) return;
    for (let at = 0; at < METRICS_ORDER.length + workers; at += 1) {
      const wanted = { number: metrics.port + at, explicit: true };
      this.#claimed.push(await choosePort(wanted, metrics.host, 'METRICS_PORT'));
    }
  }

  /** @param nth worker, from 0 */
  #metricsPort(name: string, nth: number): NodeJS.ProcessEnv {
    const { metrics } = this.#config;
    if (metrics === null || metrics.port === 0) return {};
    const at = METRICS_ORDER.includes(name) ? METRICS_ORDER.indexOf(name) : METRICS_ORDER.length + nth;
    return { METRICS_PORT: String(metrics.port + at) };
  }

  async #startRedis(): Promise<{ up: Promise<void>; url: () => string }> {
    const { redisUrl, env, dataDir, showAllLogs } = this.#config;
    if (redisUrl !== null) {
      const { host } = new URL(redisUrl);
      await probeRedis(redisUrl, 5000).catch((error: unknown) => {
        const reason = error instanceof Error ? error.message || error.name : String(error);
        throw new Error(`REDIS_URL: no Redis answers at ${host} (${reason}). Start it, or unset REDIS_URL.`);
      });
      return { up: Promise.resolve(), url: () => redisUrl };
    }
    const found = await findRedis({ env, cacheDir: packageCache, log: this.#write });
    const home: ProgramHome = await claimHome(dataDir, 'redis');
    this.#claimed.push(home);
    const port = await choosePort({ number: 0, explicit: false }, '127.0.0.1', 'REDIS_URL');
    this.#claimed.push(port);
    const onLine = showLines('redis', this.#write, showAllLogs);
    const service = redisService({ found, home, port, env, onLine, showAll: showAllLogs });
    return { up: this.#supervise('stores', service).up, url: () => `redis://127.0.0.1:${port.number}` };
  }

  async #startPostgres(): Promise<{ up: Promise<void>; url: () => string }> {
    const { env, dataDir, showAllLogs } = this.#config;
    const found = await findPostgres(env);
    const home = await claimHome(dataDir, 'postgres');
    this.#claimed.push(home);
    const port = await choosePort({ number: 0, explicit: false }, '127.0.0.1', 'ARCHIVE');
    this.#claimed.push(port);
    const onLine = showLines('postgres', this.#write, showAllLogs);
    const service = postgresService({ found, home, port, env, onLine, showAll: showAllLogs });
    return { up: this.#supervise('stores', service).up, url: () => postgresUrl(home, port.number) };
  }

  #startHttp(
    name: keyof Ports,
    directory: string,
    ports: Ports,
    path: string,
    env: ServiceOptions['env'],
  ): Promise<void> {
    const service = httpService({ ...this.#options(name, directory, env), port: ports[name], path });
    if (name !== 'simulator') this.#restartable.push({ layer: 'services', service });
    return this.#supervise('services', service).up;
  }

  #startWorkers(env: ServiceOptions['env']): Promise<void>[] {
    const { workers } = this.#config;
    return Array.from({ length: workers }, (_, index) => {
      const name = workers === 1 ? 'worker' : `worker-${index + 1}`;
      const service = loggingService({ ...this.#options(name, 'apps/worker', env, index), message: 'worker ready' });
      this.#restartable.push({ layer: 'workers', service });
      return this.#supervise('workers', service).up;
    });
  }

  #options(name: string, directory: string, env: ServiceOptions['env'], nth = 0): ServiceOptions {
    const onLine = showLines(name, this.#write, this.#config.showAllLogs);
    const own = () => ({ ...env(), ...this.#metricsPort(name, nth) });
    return { name, directory: join(this.#root, directory), env: own, onLine };
  }

  #env(keys: Keys, ports: Ports, urls: { redis: string; archive: string | undefined }): NodeJS.ProcessEnv {
    const { host, durability, workerConcurrency, useSimulator } = this.#config;
    const env = this.#serviceEnv;
    return {
      ...env,
      HOST: host,
      SIMULATOR_HOST: host,
      PORT: String(ports.api.number),
      CONSOLE_PORT: String(ports.console.number),
      // All of this is asked over plain HTTP whether it is ready.
      CONSOLE_TLS_CERT: '',
      CONSOLE_TLS_KEY: '',
      SIMULATOR_PORT: String(ports.simulator.number),
      REDIS_URL: urls.redis,
      ...(urls.archive === undefined ? {} : { ARCHIVE_URL: urls.archive }),
      HOLDFAST_BOOTSTRAP_KEY: keys.bootstrap,
      HOLDFAST_ADMIN_KEY: keys.admin,
      DURABILITY: durability,
      WORKER_CONCURRENCY: String(workerConcurrency),
      // A worker logs at level `info` that it is ready. LOG decides which lines are shown.
      ...(['warn', 'error', 'fatal', 'silent'].includes(env.LOG_LEVEL ?? '') ? { LOG_LEVEL: 'info' } : {}),
      // Running jobs are handed back before the time for stopping is over.
      DRAIN_SECONDS: env.DRAIN_SECONDS || String(STOP_GRACE_MS / 1000 - 2),
      ...(useSimulator
        ? { OPENAI_BASE_URL: `http://127.0.0.1:${ports.simulator.number}/v1`, OPENAI_BACKGROUND: 'true' }
        : {}),
    };
  }

  #banner(keys: Keys, ports: Ports): string[] {
    const { bootstrapKey, adminKey, durability, useSimulator } = this.#config;
    return banner({
      apiPort: ports.api.number,
      consolePort: ports.console.number,
      simulatorPort: useSimulator ? ports.simulator.number : null,
      durability,
      bootstrapKey: bootstrapKey === null ? keys.bootstrap : null,
      adminKeyFromEnv: adminKey !== null,
      keyFile: keys.file,
    });
  }
}
