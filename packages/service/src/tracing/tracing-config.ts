/** What the standard variables of OpenTelemetry ask for. */
import { hostname } from 'node:os';
import { SettingsError, setting, type TraceSampler } from '../config/settings.ts';

/** The standard variables of every process that exports traces. */
export const tracingVariables = {
  OTEL_SDK_DISABLED: setting.flag,
  OTEL_EXPORTER_OTLP_ENDPOINT: setting.collectorUrl,
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: setting.collectorUrl,
  OTEL_EXPORTER_OTLP_HEADERS: setting.text,
  OTEL_SERVICE_NAME: setting.text,
  OTEL_RESOURCE_ATTRIBUTES: setting.text,
  OTEL_TRACES_SAMPLER: setting.traceSampler,
  OTEL_TRACES_SAMPLER_ARG: setting.traceRatio,
};

export interface TracingConfig {
  /** Where spans are sent, as OTLP over HTTP in JSON. */
  url: string;
  headers: Readonly<Record<string, string>>;
  /** What the process is, for all of its spans. */
  resource: Readonly<Record<string, string>>;
  sampler: TraceSampler;
  /** The share of traces that `traceidratio` stores, 0 to 1. */
  ratio: number;
  /** Spans may have prompts and answers in them. */
  capturesContent: boolean;
}

/** As they are read: empty variables are undefined. */
interface TracingSettings {
  OTEL_SDK_DISABLED: boolean;
  OTEL_EXPORTER_OTLP_ENDPOINT?: string | undefined;
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT?: string | undefined;
  OTEL_EXPORTER_OTLP_HEADERS?: string | undefined;
  OTEL_SERVICE_NAME?: string | undefined;
  OTEL_RESOURCE_ATTRIBUTES?: string | undefined;
  OTEL_TRACES_SAMPLER: TraceSampler;
  OTEL_TRACES_SAMPLER_ARG: number;
  OTEL_CAPTURE_CONTENT?: boolean;
}

/**
 * @param name of the process, as `api`: it is `holdfast-api` unless the settings name it
 * @returns null where no traces are to be exported: no collector is set, or OTEL_SDK_DISABLED is
 * @throws SettingsError
 */
export function readTracing(settings: TracingSettings, name: string): TracingConfig | null {
  const url = collectorUrl(settings);
  if (url === null || settings.OTEL_SDK_DISABLED) return null;
  const given = pairsOf('OTEL_RESOURCE_ATTRIBUTES', settings.OTEL_RESOURCE_ATTRIBUTES);
  return {
    url,
    headers: pairsOf('OTEL_EXPORTER_OTLP_HEADERS', settings.OTEL_EXPORTER_OTLP_HEADERS),
    resource: {
      'service.instance.id': `${hostname()}-${process.pid}`,
      ...given,
      'service.name': settings.OTEL_SERVICE_NAME ?? given['service.name'] ?? `holdfast-${name}`,
    },
    sampler: settings.OTEL_TRACES_SAMPLER,
    ratio: settings.OTEL_TRACES_SAMPLER_ARG,
    capturesContent: settings.OTEL_CAPTURE_CONTENT ?? false,
  };
}

function collectorUrl(settings: TracingSettings): string | null {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: base, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: own } = settings;
  if (own !== undefined) return own;
  return base === undefined ? null : `${base.replace(/\/+$/, '')}/v1/traces`;
}

/** `name=value,other=value`, percent-encoded, as the standard has lists. The message shows no value: headers may have a key. */
function pairsOf(variable: string, text = ''): Record<string, string> {
  const pairs = text.split(',').filter((pair) => pair.trim() !== '');
  return Object.fromEntries(pairs.map((pair) => pairOf(variable, pair)));
}

function pairOf(variable: string, pair: string): [name: string, value: string] {
  const [, name = '', value = ''] = /^\s*([^=\s]+)\s*=(.*)$/s.exec(pair) ?? [];
  try {
    if (name !== '') return [decodeURIComponent(name), decodeURIComponent(value.trim())];
  } catch {
    // Not percent-encoded: said below.
  }
  throw new SettingsError(
    `These settings are not valid:\n  ${variable}: expected name=value, separated by commas, with "," and "%" percent-encoded`,
  );
}
