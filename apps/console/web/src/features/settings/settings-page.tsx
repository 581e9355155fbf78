/** How this installation is set up. Nothing is changed here: settings come from the environment and the config file. */
import type { Settings } from '@holdfast/admin';
import { useQuery } from '@tanstack/react-query';
import { liveQuery } from '../../api/index.ts';
import { Duration, Facts, Loaded, Notice, Page, Section, Time } from '../../kit/index.ts';
import { ConfigTree } from './config-tree.tsx';
import { EnvironmentSection } from './environment-section.tsx';
import { RedisSection } from './redis-section.tsx';
import './settings.css';

export function SettingsPage() {
  const settings = useQuery(liveQuery('settings', {}));
  return (
    <Page
      summary="How this installation is set up, without its secrets. Settings come from the environment and the config file."
      title="Settings"
    >
      <Loaded lines={16} query={settings}>
        {(data) => (
          <>
            {data.durability.fault !== null && <Notice tone="bad">{data.durability.fault}</Notice>}
            <div className="columns">
              <Installation settings={data} />
              <Archive archive={data.archive} />
            </div>
            <RedisSection redis={data.redis} />
            <Section
              summary="Lanes, plans and prices in force. Names of variables stand in the place of secrets."
              title="Config"
            >
              <ConfigTree value={data.config} />
            </Section>
            <EnvironmentSection settings={data.settings} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

const durabilities: Readonly<Record<string, string>> = {
  fsync: 'an accepted job is on the disk of Redis',
  replica: 'an accepted job is on the disk of Redis, and a replica has it',
  memory: 'accepted jobs can be lost',
};

function Durability({ mode }: { mode: string | null }) {
  if (mode === null) return <span className="quiet">No API process has announced it.</span>;
  return (
    <>
      <code className={mode === 'memory' ? 'bad' : ''}>{mode}</code>
      <span className="quiet"> {durabilities[mode] ?? ''}</span>
    </>
  );
}

function Installation({ settings }: { settings: Settings }) {
  const { version, durability, api_url, config_digest, retention_hours, bull_board, tasks } = settings;
  return (
    <Section title="Installation">
      <Facts
        items={[
          ['Version', version],
          ['Durability', <Durability key="durability" mode={durability.mode} />],
          ['API', <code key="api">{api_url}</code>],
          ['Ended jobs are kept for', <Retention hours={retention_hours} key="retention" />],
          ['Digest of the config', <code key="digest">{config_digest}</code>],
          ['Queues in BullMQ', <BullBoard key="board" path={bull_board} />],
          ['Tasks', tasks.join(', ')],
        ]}
      />
    </Section>
  );
}

function Retention({ hours }: { hours: number | null }) {
  return hours === null ? 'ever' : <Duration seconds={hours * 3_600} />;
}

function BullBoard({ path }: { path: string | null }) {
  return path === null ? <span className="quiet">Bull Board is off.</span> : <a href={path}>Bull Board</a>;
}

function Archive({ archive: { configured, waiting, lag_s, oldest } }: { archive: Settings['archive'] }) {
  if (!configured)
    return (
      <Section title="Archive">
        <p className="quiet">There is none: jobs are gone when their time in Redis is over.</p>
      </Section>
    );
  return (
    <Section title="Archive">
      <Facts
        items={[
          ['Jobs that wait for it', waiting],
          ['Behind by', <Duration key="lag" seconds={lag_s} />],
          ['Oldest job in it', <Time at={oldest} key="oldest" />],
        ]}
      />
    </Section>
  );
}
