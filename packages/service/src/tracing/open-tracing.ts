/** Opens the export of traces where the settings ask for it. Otherwise no module of OpenTelemetry's SDK is loaded. */
import type { Tracer } from '@holdfast/core';
import type { ServiceContext } from '../run-service.ts';
import type { TracingConfig } from './tracing-config.ts';

/**
 * Call it before anything else is opened: what is closed later may still end spans.
 * @returns null where no traces are to be exported
 */
export async function openTracing(
  config: TracingConfig | null,
  { logger, onClose }: ServiceContext,
): Promise<Tracer | null> {
  if (config === null) return null;
  const { startSdk } = await import('./sdk-tracer.ts');
  const { tracer, close } = startSdk(config, logger);
  onClose('traces', close);
  return tracer;
}
