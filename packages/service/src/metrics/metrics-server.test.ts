import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { until } from '../../../core/testing/until.ts';
import { metricsSettings } from '../config/metrics-settings.ts';
import { SettingsError } from '../config/settings.ts';
import { createLogger } from '../logger.ts';
import { Metrics } from './metrics.ts';
import { serveMetrics } from './metrics-server.ts';

const TOKEN = 'a-token-of-prometheus';

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** @param port 0: any free one */
async function serve({ token = null, port = 0 }: { token?: string | null; port?: number } = {}) {
  const metrics = new Metrics();
  const counted = metrics.counter('holdfast_things_total', 'Things', ['lane']);
  const logger = createLogger('test', 'silent');
  const lines: [fields: object, message: string][] = [];
  const log = (fields: object, message: string) => void lines.push([fields, message]);
  const said = Object.assign(logger, { info: log, warn: log });
  const onClose = (_name: string, close: () => Promise<void> | void) => void closers.push(close);
  await serveMetrics(metrics, { host: '127.0.0.1', port, token }, { logger: said, onClose });
  const url = () => lines.flatMap(([fields]) => ('url' in fields ? [String(fields.url)] : []))[0] ?? '';
  return { metrics, counted, lines, url };
}

const asking = (authorization?: string) => (authorization === undefined ? {} : { headers: { authorization } });

describe('the metrics server', () => {
  it('gives what was counted, and what is read at each scrape, in the text format', async () => {
    const { metrics, counted, url } = await serve();
    counted.inc({ lane: 'default' }, 3);
    const gauge = metrics.gauge('holdfast_read_jobs', 'Read');
    metrics.onScrape(async () => gauge.set(7));
    metrics.onScrape(() => Promise.reject(new Error('Redis is away')));
    const response = await fetch(url());
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    const text = await response.text();
    expect(text).toMatch(/^holdfast_things_total\{lane="default"\} 3$/m);
    expect(text).toMatch(/^holdfast_read_jobs 7$/m);
    expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds /m);
  });

  it('waits for no reader that never answers', async () => {
    const { metrics, counted, url } = await serve();
    counted.inc({ lane: 'default' });
    metrics.onScrape(() => new Promise(() => undefined));
    expect(await (await fetch(url())).text()).toMatch(/^holdfast_things_total\{lane="default"\} 1$/m);
  });

  it('serves nothing else, and takes nothing', async () => {
    const { url } = await serve();
    expect((await fetch(url().replace('/metrics', '/'))).status).toBe(404);
    expect((await fetch(url().replace('/metrics', '/metrics/../x'))).status).toBe(404);
    const posted = await fetch(url(), { method: 'POST', body: 'x' });
    expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    expect((await fetch(`${url()}?format=text`)).status).toBe(200);
  });

  it('with a token asks for it', async () => {
    const { url } = await serve({ token: TOKEN });
    const refused = [
      undefined,
      'Bearer',
      'Bearer wrong',
      TOKEN,
      `Basic ${TOKEN}`,
      `Bearer ${TOKEN}x`,
      `Bearer ${TOKEN} x`,
    ];
    for (const authorization of refused) {
      const response = await fetch(url(), asking(authorization));
      expect([authorization, response.status]).toEqual([authorization, 401]);
      expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/);
      expect(await response.text()).not.toContain('nodejs_');
    }
    expect((await fetch(url(), asking(`Bearer ${TOKEN}`))).status).toBe(200);
    expect((await fetch(url(), asking(`bearer ${TOKEN}`))).status).toBe(200);
  });

  it('whose port is taken says so once, keeps nothing from its work, and serves once the port is free', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const { lines, url } = await serve({ port });
    expect(lines).toEqual([[expect.objectContaining({ port }), expect.stringContaining('cannot listen')]]);
    await new Promise((resolve) => other.close(resolve));
    await until('it listens', () => url() !== '');
    expect((await fetch(url())).status).toBe(200);
    expect(lines).toHaveLength(2);
  });
});

describe('the settings of metrics', () => {
  const settings = { METRICS_HOST: '127.0.0.1', METRICS_OPEN: 'false' } as const;

  it('serve nothing without a port', () => {
    expect(metricsSettings({ ...settings, METRICS_HOST: '0.0.0.0' })).toBeNull();
  });

  it.each(['127.0.0.1', '127.1.2.3', '::1', 'localhost'])('let this machine read them: %s', (METRICS_HOST) => {
    const expected = { host: METRICS_HOST, port: 9464, token: null };
    expect(metricsSettings({ ...settings, METRICS_HOST, METRICS_PORT: 9464 })).toEqual(expected);
  });

  it.each(['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.example.com', 'metrics.example.com'])(
    'let no other machine read them without a token or an order: %s',
    (METRICS_HOST) => {
      const open = { ...settings, METRICS_HOST, METRICS_PORT: 9464 };
      expect(() => metricsSettings(open)).toThrow(SettingsError);
      expect(() => metricsSettings(open)).toThrow(/METRICS_HOST.*METRICS_TOKEN.*METRICS_OPEN=true/s);
      expect(metricsSettings({ ...open, METRICS_TOKEN: TOKEN })).toMatchObject({ host: METRICS_HOST, token: TOKEN });
      expect(metricsSettings({ ...open, METRICS_OPEN: 'true' })).toMatchObject({ host: METRICS_HOST, token: null });
    },
  );
});
