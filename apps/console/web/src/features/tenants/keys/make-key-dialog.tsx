/** Makes an API key: what it may do, and with which tasks. */
import type { MadeKey } from '@holdfast/admin';
import { type Scope, scopes } from '@holdfast/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { adminQuery, useAction } from '../../../api/index.ts';
import { Checkbox, Choice, FormDialog } from '../../../kit/index.ts';

const meanings: Readonly<Record<Scope, string>> = {
  submit: 'submit: sends jobs and retries',
  read: 'read: sees jobs, answers, usage and events',
  admin: 'admin: makes and revokes the keys of this tenant',
};

interface MakeKeyDialogProps {
  tenant: string;
  onMade: (key: MadeKey) => void;
  onClose: () => void;
}

export function MakeKeyDialog({ tenant, onMade, onClose }: MakeKeyDialogProps) {
  const [chosen, setChosen] = useState<readonly Scope[]>(['submit', 'read']);
  /** null: all. */
  const [tasks, setTasks] = useState<readonly string[] | null>(null);
  const make = useAction('createKey', { changes: ['keys'], onDone: onMade });
  const submit = () => {
    const body = tasks === null ? { scopes: [...chosen] } : { scopes: [...chosen], tasks: [...tasks] };
    make.mutate({ params: { tenant }, body });
  };
  return (
    <FormDialog
      canSubmit={chosen.length > 0 && tasks?.length !== 0}
      error={make.error}
      isBusy={make.isPending}
      onClose={onClose}
      onSubmit={submit}
      submitLabel="Make the key"
      title={`New key for ${tenant}`}
    >
      <CheckGroup
        labelOf={(scope) => meanings[scope]}
        onChange={(next) => setChosen(scopes.filter((scope) => next.includes(scope)))}
        options={scopes}
        title="What it may do"
        value={chosen}
      />
      <div className="check-group check-tasks">
        <Choice
          label="Tasks"
          onChange={(which) => setTasks(which === 'all' ? null : [])}
          options={[
            ['all', 'All tasks'],
            ['some', 'Some tasks only'],
          ]}
          value={tasks === null ? 'all' : 'some'}
        />
        {tasks !== null && <TaskChoice onChange={setTasks} value={tasks} />}
      </div>
    </FormDialog>
  );
}

function TaskChoice({ value, onChange }: { value: readonly string[]; onChange: (tasks: readonly string[]) => void }) {
  const settings = useQuery(adminQuery('settings', {}));
  return (
    <CheckGroup
      labelOf={(task) => task}
      onChange={onChange}
      options={settings.data?.tasks ?? []}
      title="Its jobs are of these tasks"
      value={value}
    />
  );
}

interface CheckGroupProps<Option extends string> {
  title: string;
  options: readonly Option[];
  labelOf: (option: Option) => string;
  value: readonly Option[];
  onChange: (value: readonly Option[]) => void;
}

function CheckGroup<Option extends string>({ title, options, labelOf, value, onChange }: CheckGroupProps<Option>) {
  const change = (option: Option, isIn: boolean) =>
    onChange(isIn ? [...value, option] : value.filter((other) => other !== option));
  return (
    <fieldset className="check-group">
      <legend>{title}</legend>
      {options.map((option) => (
        <Checkbox
          checked={value.includes(option)}
          key={option}
          label={labelOf(option)}
          onChange={({ target }) => change(option, target.checked)}
        />
      ))}
    </fieldset>
  );
}
