/** Lanes with their queues, limits and providers. Those that need somebody come first. */
import type { Lane } from '@holdfast/admin';
import { useQuery } from '@tanstack/react-query';
import { liveQuery, useMay } from '../../api/index.ts';
import { EmptyState, Loaded, Page, RoleNote } from '../../kit/index.ts';
import { inOrderOfNeed } from './lane-needs.ts';
import { LaneSection } from './lane-section.tsx';
import './lanes.css';

export function LanesPage() {
  const lanes = useQuery(liveQuery('lanes', {}));
  return (
    <Page summary="A lane is a group of models that share a provider account and its limits." title="Lanes">
      <Loaded lines={14} query={lanes}>
        {({ data }) =>
          data.length === 0 ? (
            <EmptyState icon="lanes" title="The config file has no lanes." />
          ) : (
            <Sections lanes={data} />
          )
        }
      </Loaded>
      <Missing />
    </Page>
  );
}

function Sections({ lanes }: { lanes: readonly Lane[] }) {
  return inOrderOfNeed(lanes).map((lane) => <LaneSection key={lane.name} lane={lane} />);
}

function Missing() {
  const [isOperator, isAdmin] = [useMay('operator'), useMay('admin')];
  if (isAdmin) return null;
  if (isOperator) return <RoleNote needs="admin" what="Limits can’t be changed" />;
  return <RoleNote needs="operator" what="Lanes can’t be paused or resumed" />;
}
