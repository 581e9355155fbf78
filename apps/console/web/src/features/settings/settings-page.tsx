/** How this installation is set up. */
import { useQuery } from '@tanstack/react-query';
import { adminQuery } from '../../api/index.ts';
import { Bytes, Facts, Loaded, Page, Section } from '../../kit/index.ts';

export function SettingsPage() {
  const settings = useQuery(adminQuery('settings', {}));
  return (
    <Page summary="How this installation is set up, without its secrets." title="Settings">
      <Section title="Installation">
        <Loaded query={settings}>
          {({ version, durability, redis }) => (
            <Facts
              items={[
                ['Version', version],
                ['Durability', durability.mode ?? 'not announced yet'],
                ['Redis', redis.version],
                ['Memory of Redis', <Bytes key="memory" value={redis.used_bytes} />],
              ]}
            />
          )}
        </Loaded>
      </Section>
    </Page>
  );
}
