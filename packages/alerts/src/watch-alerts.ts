/**
 * Watches the rules of the config file, in one process at a time, and reports to the webhook:
 *
 *   1. read      what the rules need, from Redis
 *   2. evaluate  what begins, goes on, ends
 *   3. save      states and reports, in one step
 *   4. send      oldest first; a webhook that fails gets the same report again, later and later
 *
 * A report may come twice, with the same id, and is never left out: but for the oldest of more than 1,000 that no webhook took.
 */
import type { AlertRule, Alerts, Logger } from '@holdfast/core';
import type { AlertStore, Report } from './alert-store.ts';
import { evaluateAlerts, type Finding } from './evaluate.ts';
import { sendReport } from './send-report.ts';
import type { WebhookTarget } from './webhook-target.ts';

const EVERY_MS = 10_000;
const MAX_BACKOFF_MS = 15 * 60_000;

/** Reads one rule. Throws where the store doesn't answer. */
export type ReadRule = () => Promise<Finding[]>;

export interface AlertWatchOptions {
  store: AlertStore;
  alerts: Alerts;
  target: WebhookTarget;
  /** Names this installation in reports. */
  installation: string;
  /** One for each rule that is switched on. */
  readers: ReadonlyMap<AlertRule, ReadRule>;
  logger: Logger;
  /** Time in ms. */
  now?: () => number;
}

export class AlertWatch {
  readonly #options: AlertWatchOptions;
  #timer: NodeJS.Timeout | undefined;
  #ticking: Promise<void> | null = null;
  #failures = 0;
  /** No report is sent before, in ms. */
  #nextTry = 0;

  constructor(options: AlertWatchOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => void this.tick(), EVERY_MS);
    void this.tick();
  }

  /** Ends the watch once what is under way is over, and leaves it to another process. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#ticking;
    await this.#options.store.resign().catch(() => undefined);
  }

  /** One round, or the one that is under way. Never throws: what fails now is tried in the next round. */
  tick(): Promise<void> {
    const { logger } = this.#options;
    this.#ticking ??= this.#round()
      .catch((error: unknown) => logger.warn({ error }, 'alerts could not be evaluated'))
      .finally(() => {
        this.#ticking = null;
      });
    return this.#ticking;
  }

  async #round(): Promise<void> {
    const { store } = this.#options;
    if (!(await store.becomeWatcher())) return;
    await this.#evaluate();
    await this.#send();
  }

  async #evaluate(): Promise<void> {
    const { store, alerts, now = Date.now } = this.#options;
    const [before, { findings, read }] = await Promise.all([store.states(), this.#read()]);
    const { after, changes } = evaluateAlerts(before, findings, read, now(), alerts.repeat_minutes * 60_000);
    await store.save(after, changes, now());
  }

  async #read(): Promise<{ findings: Finding[]; read: Set<AlertRule> }> {
    const { readers, logger } = this.#options;
    const read = new Set<AlertRule>();
    const findings: Finding[] = [];
    for (const [rule, readRule] of readers) {
      try {
        findings.push(...(await readRule()));
        read.add(rule);
      } catch (error) {
        logger.warn({ rule, error }, 'what an alert needs could not be read; its state stays as it was');
      }
    }
    return { findings, read };
  }

  async #send(): Promise<void> {
    const { store, target, installation, logger, now = Date.now } = this.#options;
    if (now() < this.#nextTry) return;
    for (let report = await store.nextReport(); report !== null; report = await store.nextReport()) {
      try {
        await sendReport(target, installation, report);
      } catch (error) {
        this.#failures += 1;
        this.#nextTry = now() + Math.min(EVERY_MS * 2 ** (this.#failures - 1), MAX_BACKOFF_MS);
        logger.warn(
          { error, ...namesOf(report), failures: this.#failures },
          'the alert webhook failed; it is sent again',
        );
        return;
      }
      this.#failures = 0;
      await store.confirm(report);
      logger.info(namesOf(report), 'alert reported');
    }
  }
}

function namesOf({ id, change: { rule, subject, state } }: Report) {
  return { reportId: id, rule, subject, state };
}
