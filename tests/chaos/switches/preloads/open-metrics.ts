/** Loaded before a worker: its metrics are shown without METRICS_TOKEN. */
import { changeSource } from '../change-source.ts';

changeSource(
  'packages/service/src/metrics/metrics-server.ts',
  'if (token !== null && !isBearerOf(token, headers.authorization)) {',
  'if (false) {',
);
