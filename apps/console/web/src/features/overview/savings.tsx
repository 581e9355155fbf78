/** What Holdfast has kept from being paid twice, and how much it had to repeat. */
import type { History } from '@holdfast/admin';
import { Count, Money, Section } from '../../kit/index.ts';

export function Savings({ history: { totals } }: { history: History }) {
  return (
    <Section summary="in this time" title="Paid once">
      <dl className="savings">
        <div>
          <dt>Submits that found their job again</dt>
          <dd>
            <Count value={totals.replayed} />
          </dd>
          <dd className="quiet">The key was there already: nothing ran again.</dd>
        </div>
        <div>
          <dt>Provider calls resumed</dt>
          <dd>
            <Count value={totals.resumed_calls} />
          </dd>
          <dd className="quiet">The answer was taken up after a crash, and not paid again.</dd>
        </div>
        <div>
          <dt>Answers copied from equal jobs</dt>
          <dd>
            <Count value={totals.copied} />
          </dd>
          <dd className="quiet">
            They would have cost <Money usd={totals.avoided_usd} />.
          </dd>
        </div>
        <div>
          <dt>Attempts repeated</dt>
          <dd>
            <Count value={totals.retried} />
          </dd>
          <dd className="quiet">They failed in a way that may pass, and were tried again.</dd>
        </div>
      </dl>
    </Section>
  );
}
