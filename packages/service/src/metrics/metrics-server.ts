/**
 * `GET /metrics` of a process, on a port of its own: neither clients of the API nor the console's users reach it. Plain node:http.
 *
 * A port that can't be had doesn't keep the process from its work: the log says so once, and it is tried again every second. So a
 * worker that replaces another one on the same port serves its metrics once the old one has ended.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { MetricsSettings } from '../config/metrics-settings.ts';
import type { ServiceContext } from '../run-service.ts';
import type { Metrics } from './metrics.ts';

const TRY_AGAIN_MS = 1_000;

/** Serves the metrics until the process closes. @param settings null: they are not served */
export async function serveMetrics(
  metrics: Metrics,
  settings: MetricsSettings | null,
  { logger, onClose }: Pick<ServiceContext, 'logger' | 'onClose'>,
): Promise<void> {
  if (settings === null) return;
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 5_000 }, (request, response) => {
    answer(metrics, settings.token, request, response).catch((error: unknown) => {
      logger.warn({ error }, 'metrics not served');
      end(response, 500, 'The metrics could not be read. The log says why.\n');
    });
  });
  let retry: NodeJS.Timeout | undefined;
  onClose('metrics', () => {
    clearTimeout(retry);
    server.close();
    server.closeAllConnections();
  });
  let wasSaid = false;
  const tryToListen = async (): Promise<void> => {
    try {
      await listenOn(server, settings);
      logger.info({ url: urlOf(server, settings) }, 'metrics listening');
    } catch (error) {
      const { host, port } = settings;
      if (!wasSaid) logger.warn({ host, port, error }, 'metrics: cannot listen; trying again every second');
      wasSaid = true;
      retry = setTimeout(() => void tryToListen(), TRY_AGAIN_MS);
      retry.unref();
    }
  };
  await tryToListen();
}

function listenOn(server: Server, { host, port }: MetricsSettings): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error) => reject(error);
    server.once('error', failed);
    server.listen(port, host, () => {
      server.off('error', failed);
      resolve();
    });
  });
}

function urlOf(server: Server, { host }: MetricsSettings): string {
  const { port } = server.address() as AddressInfo;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}/metrics`;
}

async function answer(
  metrics: Metrics,
  token: string | null,
  { method, url = '', headers }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (url.split('?', 1)[0] !== '/metrics') return end(response, 404, 'There is only /metrics.\n');
  if (method !== 'GET' && method !== 'HEAD') return end(response, 405, 'GET only.\n', { allow: 'GET, HEAD' });
  if (token !== null && !isBearerOf(token, headers.authorization)) {
    const challenge = { 'www-authenticate': 'Bearer realm="metrics"' };
    return end(response, 401, 'Send `Authorization: Bearer` with METRICS_TOKEN.\n', challenge);
  }
  end(response, 200, await metrics.text(), { 'content-type': metrics.contentType });
}

function end(response: ServerResponse, status: number, body: string, headers: Record<string, string> = {}): void {
  const common = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' };
  response.writeHead(status, Object.assign(common, headers)).end(body);
}

/** In constant time: digests are compared, so that not even the token's length shows. */
function isBearerOf(token: string, authorization = ''): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  const [, sent = ''] = /^bearer +(\S+)$/i.exec(authorization) ?? [];
  return timingSafeEqual(digest(sent), digest(token));
}
