/** Loaded before a worker: prompts and answers go into traces without OTEL_CAPTURE_CONTENT. */
import { changeSource } from '../change-source.ts';

changeSource('packages/service/src/tracing/tracing-config.ts', 'settings.OTEL_CAPTURE_CONTENT ?? false', 'true');
