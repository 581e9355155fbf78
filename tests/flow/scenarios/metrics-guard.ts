/** Whoever lacks METRICS_TOKEN is shown no metrics. */
import type { Scenario, Stage } from './scenario.ts';

const TOKEN = 'metrics-token-of-the-scenario-12345';

export const metricsGuard = {
  name: 'metrics-guard',
  stack: { workers: 0 },
  most: { shown: 0 },

  async play({ stack }: Stage) {
    const worker = await stack.start('worker', { METRICS_TOKEN: TOKEN });
    const url = await worker.metricsUrl();
    const statusFor = async (headers: Record<string, string>) => (await fetch(url, { headers })).status;
    const right = await statusFor({ authorization: `Bearer ${TOKEN}` });
    if (right !== 200) throw new Error(`the right token: ${right}`);
    const wrong = [{}, { authorization: 'Bearer ' }, { authorization: `Bearer ${TOKEN.slice(1)}` }];
    const statuses = await Promise.all(wrong.map(statusFor));
    await worker.end();
    return { counts: { shown: statuses.filter((status) => status === 200).length } };
  },
} satisfies Scenario;
