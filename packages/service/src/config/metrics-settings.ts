/** Where a process serves its metrics, and to whom. */
import { z } from 'zod';
import { isLoopback } from './safe-binding.ts';
import { SettingsError, setting } from './settings.ts';

/** The variables of every process that has metrics. */
export const metricsVariables = {
  METRICS_PORT: setting.portIfAny,
  METRICS_HOST: z.string().default('127.0.0.1'),
  METRICS_TOKEN: setting.metricsToken,
  METRICS_OPEN: z.enum(['true', 'false'], 'expected true or false').default('false'),
};

export interface MetricsSettings {
  host: string;
  /** 0: any free one. */
  port: number;
  /** Asked of whoever reads them; null: of nobody. */
  token: string | null;
}

interface MetricsVariables {
  METRICS_PORT?: number | undefined;
  METRICS_HOST: string;
  METRICS_TOKEN?: string | undefined;
  METRICS_OPEN: 'true' | 'false';
}

/**
 * null: they are not served. Metrics tell how busy an installation is and what it costs: other machines get them with a token only.
 * @throws SettingsError where others could reach them without one, and nobody has said that they may
 */
export function metricsSettings(variables: MetricsVariables): MetricsSettings | null {
  const { METRICS_PORT: port, METRICS_HOST: host, METRICS_TOKEN: token, METRICS_OPEN: open } = variables;
  if (port === undefined) return null;
  if (token === undefined && open !== 'true' && !isLoopback(host)) {
    throw new SettingsError(
      `These settings are not valid:\n  METRICS_HOST (it is "${host}"): other machines could read the metrics. Set METRICS_TOKEN, which ` +
        'they then have to send; or METRICS_OPEN=true, if only machines that may read them can reach this address.',
    );
  }
  return Object.freeze({ host, port, token: token ?? null });
}
