import { afterEach, describe, expect, it } from '@jest/globals';
import { startBackgroundUpstream, stopBackgroundUpstreams, stored } from '../../testing/background-upstream.ts';
import { answerJson, until } from '../../testing/fake-upstream.ts';

afterEach(stopBackgroundUpstreams);

const problem = { error: { message: 'M', type: 't', param: null, code: null } };

describe('cancelling a response', () => {
  it('asks the provider for it, and can be repeated', async () => {
    const upstream = await startBackgroundUpstream((response) => answerJson(response, 200, stored('cancelled')));
    await upstream.cancel('resp_1');
    await upstream.cancel('resp_1');
    expect(upstream.asked()).toEqual(Array(2).fill('POST /v1/responses/resp_1/cancel'));
  });

  it.each([400, 404, 409, 410, 422])('takes %i for a response that has ended before', async (status) => {
    const upstream = await startBackgroundUpstream((response) => answerJson(response, status, problem));
    await expect(upstream.cancel('resp_1')).resolves.toBeUndefined();
    expect(upstream.requests).toHaveLength(1);
  });

  it.each([401, 403, 405, 429, 500, 503])('throws where the provider answers %i: it may run on', async (status) => {
    const upstream = await startBackgroundUpstream((response) => answerJson(response, status, problem));
    await expect(upstream.cancel('resp_1')).rejects.toMatchObject({ name: 'AttemptError', status });
  });

  it('throws where the provider does not answer in time, and leaves no connection behind', async () => {
    const upstream = await startBackgroundUpstream(() => undefined, { cancelTimeoutMs: 400 });
    await expect(upstream.cancel('resp_1')).rejects.toMatchObject({
      code: 'provider_timeout',
      message: 'main did not answer within 400 ms',
    });
    await until('the call is aborted', () => upstream.aborted === 1);
  });
});
