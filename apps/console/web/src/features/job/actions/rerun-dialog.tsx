/** Retry with edits: the input in an editor, and then a job of its own, with the changed input. */
import type { JobDetails } from '@holdfast/admin';
import { isJsonObject, type JsonValue } from '@holdfast/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useAction } from '../../../api/index.ts';
import { Dialog, ErrorState, FormDialog, Loading, Notice, showToast, TextArea } from '../../../kit/index.ts';
import { contentQuery } from '../content/content-query.ts';
import { parseEdited } from './parse-edited.ts';

interface RerunDialogProps {
  job: JobDetails;
  onClose: () => void;
}

/** Reads the prompt first: that is a look at it, and is in the audit log. */
export function RerunDialog({ job, onClose }: RerunDialogProps) {
  const content = useQuery(contentQuery(job.id, job.status));
  const { data, error } = content;
  if (data === undefined) {
    return (
      <Dialog onClose={onClose} title="Retry with edits" wide>
        {error ? <ErrorState error={error} retry={() => void content.refetch()} /> : <Loading />}
      </Dialog>
    );
  }
  const input = isJsonObject(data.request) ? data.request.input : undefined;
  if (input === undefined) {
    return (
      <Dialog onClose={onClose} title="Retry with edits" wide>
        <div className="dialog-body">
          <Notice tone="warn">The prompt is no longer kept, or is too large: there is nothing to edit.</Notice>
        </div>
      </Dialog>
    );
  }
  return <Editor input={input} job={job} onClose={onClose} />;
}

function Editor({ job, input, onClose }: RerunDialogProps & { input: JsonValue }) {
  const original = JSON.stringify(input, null, 2);
  const [text, setText] = useState(original);
  const navigate = useNavigate();
  const edited = parseEdited(text);
  const action = useAction('rerunJob', {
    changes: ['searchJobs'],
    onDone: ({ id }) => {
      showToast('The changed copy is submitted. Its page compares the two answers.');
      onClose();
      void navigate({ to: '/jobs/$id', params: { id } });
    },
  });
  const submit = () => {
    if (edited.isValid) action.mutate({ params: { id: job.id }, body: { input: edited.value } });
  };
  return (
    <FormDialog
      canSubmit={edited.isValid}
      error={action.error}
      isBusy={action.isPending}
      onClose={onClose}
      onSubmit={submit}
      submitLabel={text === original ? 'Submit an equal copy' : 'Submit the changed copy'}
      title="Retry with edits"
      wide
    >
      <p className="quiet">
        A new job of tenant {job.tenant} and task {job.task}, with this input. It costs as any other. The old job stays
        as it is.
      </p>
      <TextArea
        error={edited.isValid ? undefined : edited.fault}
        label="Input, as JSON"
        onChange={({ target }) => setText(target.value)}
        rows={18}
        value={text}
      />
    </FormDialog>
  );
}
