import { alertsSchema } from '@holdfast/core';
import { describe, expect, it } from '@jest/globals';
import { secret } from '../testing/receiver.ts';
import { webhookTarget } from './webhook-target.ts';

const alerts = alertsSchema.parse({
  webhook: { url: 'https://example.com/hook', secret_env: 'ALERT_SECRET' },
  rules: { redis_memory: {} },
});

describe('the target of alerts', () => {
  it('is the address of the file, with the secret of the environment', () => {
    expect(webhookTarget(alerts, { ALERT_SECRET: secret })).toEqual({ url: 'https://example.com/hook', secret });
  });

  it.each(['', 'plain text of some length', `whsec_${Buffer.from('short').toString('base64')}`, 'whsec_'])(
    'is refused for the secret %j, without a word of it',
    (wrong) => {
      const read = () => webhookTarget(alerts, { ALERT_SECRET: wrong });
      expect(read).toThrow(/alerts\.webhook\.secret_env: ALERT_SECRET must be "whsec_"/);
      if (wrong.length > 10) expect(read).not.toThrow(wrong);
    },
  );

  it('needs a rule, an address, and no member that is not known', () => {
    const parse = (change: object) => alertsSchema.safeParse({ ...alerts, ...change }).success;
    expect(parse({})).toBe(true);
    for (const change of [
      { rules: {} },
      { rules: { queue: {} } },
      { webhook: { url: 'x', secret_env: 'A' } },
      { every: 1 },
    ]) {
      expect([change, parse(change)]).toEqual([change, false]);
    }
  });
});
