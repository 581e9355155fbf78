/** What can be changed of a lane: whether it is paused, and its limits. */
import type { Lane } from '@holdfast/admin';
import { laneLimitsSchema } from '@holdfast/core';
import { useState } from 'react';
import { useAction } from '../../api/index.ts';
import { Button, FormDialog, type LimitErrors, LimitFields, readLimits, showToast, textsOf } from '../../kit/index.ts';
import { laneLimits } from './lane-limits.tsx';

interface LaneDialogProps {
  lane: Lane;
  onClose: () => void;
}

function useLaneChange(said: string, onClose: () => void) {
  return useAction('changeLane', {
    changes: ['lanes'],
    onDone: () => {
      showToast(said);
      onClose();
    },
  });
}

export function PauseDialog({ lane: { name, paused, counts }, onClose }: LaneDialogProps) {
  const change = useLaneChange(`Lane ${name} is ${paused ? 'open again' : 'paused'}.`, onClose);
  return (
    <FormDialog
      error={change.error}
      isBusy={change.isPending}
      onClose={onClose}
      onSubmit={() => change.mutate({ params: { lane: name }, body: { paused: !paused } })}
      submitLabel={paused ? 'Resume the lane' : 'Pause the lane'}
      title={paused ? `Resume ${name}?` : `Pause ${name}?`}
    >
      {paused ? (
        <p>Jobs that wait ({counts.waiting}) begin as fast as limits and workers allow.</p>
      ) : (
        <p>
          No job of this lane begins until somebody resumes it. The {counts.active} that run go on. New jobs are
          accepted, and wait.
        </p>
      )}
    </FormDialog>
  );
}

export function LimitsDialog({ lane, onClose }: LaneDialogProps) {
  const [texts, setTexts] = useState(textsOf(laneLimits, lane.limits));
  const [errors, setErrors] = useState<LimitErrors>({});
  const change = useLaneChange(`Lane ${lane.name} has other limits.`, onClose);
  const params = { lane: lane.name };
  const submit = () => {
    const read = readLimits(laneLimits, texts, laneLimitsSchema);
    setErrors('errors' in read ? read.errors : {});
    if ('limits' in read) change.mutate({ params, body: { limits: read.limits } });
  };
  return (
    <FormDialog
      error={change.error}
      isBusy={change.isPending}
      onClose={onClose}
      onSubmit={submit}
      submitLabel="Save"
      title={`Limits of ${lane.name}`}
    >
      <LimitFields errors={errors} fields={laneLimits} onChange={setTexts} texts={texts} />
      <p className="quiet">
        They hold until they are changed here again, over restarts and changes of the config file.
      </p>
      {lane.limits_from === 'admin' && (
        <p>
          <Button isBusy={change.isPending} onClick={() => change.mutate({ params, body: { limits: null } })} small>
            Take those of the config file again
          </Button>
        </p>
      )}
    </FormDialog>
  );
}
