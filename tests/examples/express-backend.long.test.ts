import { expect, it } from '@jest/globals';
import { inRepository, withExample } from './example.ts';
import { exerciseExpressBackend } from './express-backend.ts';

it('examples/express-backend submits an order once and relays its stream from any event', async () => {
  await withExample('express-backend', await inRepository(), async (example) => {
    await exerciseExpressBackend(example);
    const { data } = await (await example.holdfast()).list();
    expect(data).toMatchObject([{ status: 'completed', provider_calls: 1 }]);
  });
});
