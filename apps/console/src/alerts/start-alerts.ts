/** Starts the watch of alerts where the config file has any. Of several consoles one watches at a time. */
import { AlertStore, AlertWatch } from '@holdfast/alerts';
import type { ServiceContext } from '@holdfast/service';
import type { ConsoleConfig } from '../config.ts';
import { type ReaderNeeds, ruleReaders } from './rule-readers.ts';

interface StartNeeds extends ReaderNeeds {
  config: ConsoleConfig;
}

export function startAlerts(needs: StartNeeds, { logger, onClose }: ServiceContext): void {
  const { config, redis } = needs;
  const { alerting, prefix } = config;
  if (alerting === null) return;
  const { alerts, target } = alerting;
  const watch = new AlertWatch({
    store: new AlertStore(redis, prefix),
    alerts,
    target,
    installation: prefix,
    readers: ruleReaders(needs, alerts.rules, prefix),
    logger,
  });
  watch.start();
  onClose('alerts', () => watch.stop());
}
