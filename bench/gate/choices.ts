/** What a worker decides for each provider call by itself, without Redis. */
import type { Provider } from '@holdfast/core';
import { chooseProvider } from '../../apps/worker/src/choose-provider.ts';
import { type Lane, withBreaker } from '../../apps/worker/src/lane-providers.ts';
import { RoomLearner } from '../../apps/worker/src/learn-room.ts';
import { quiet } from './job.ts';
import type { LocalSubject } from './measure.ts';

/** Longer than the measurement. */
const SHUT_MS = 3_600_000;

function providerOf(name: string) {
  const provider: Provider = {
    name,
    call() {
      throw new Error('Nobody is to be called.');
    },
  };
  return withBreaker(provider, 'default', quiet);
}

/** A call that goes well: its provider chosen, its breaker told. */
function chooses(title: string, providers: Lane['providers']): LocalSubject {
  const lane: Lane = { providers, background: false, idempotent: false };
  return {
    title,
    operate() {
      const choice = chooseProvider(lane, { left: undefined, paysOnce: false, failed: [], last: [] });
      if (!choice) throw new Error('No provider was chosen.');
      choice.pass?.succeeded();
      choice.pass?.left();
    },
  };
}

export function makeChoices(): LocalSubject[] {
  const ill = providerOf('a');
  ill.breaker.shut(SHUT_MS, { provider: 'a', code: 'provider_unavailable', status: 503 });
  const unused = () => Promise.reject(new Error('There is nothing to be passed on.'));
  const callLimits = { reserveCall: unused, settleCall: unused, slowDown: unused };
  const learner = new RoomLearner({ callLimits, logger: quiet });
  return [
    chooses('a provider chosen, of a lane with one', [providerOf('a')]),
    chooses('of three, all well', [providerOf('a'), providerOf('b'), providerOf('c')]),
    chooses("of three, the first one's breaker open", [ill, providerOf('b'), providerOf('c')]),
    {
      title: "the provider's word of plenty of room",
      operate: () => learner.learn('default', { requestsLeft: 5_000, tokensLeft: 5_000_000, resetMs: 1_000 }),
    },
  ];
}
